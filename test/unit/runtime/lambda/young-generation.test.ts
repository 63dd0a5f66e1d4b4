import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const MIB = 1024 * 1024
/** Effective options of Lambda for a function of 512 MB. */
const LAMBDA = ['--max-old-space-size=460', '--max-semi-space-size=25']
const MODULE = new URL('../../../../packages/runtime/lambda/young-generation.ts', import.meta.url).href

/** Lets many objects survive, and prints the size of the young generation in MiB. */
function sizeAfterLoad(before: string): number {
  const program = `
    import v8 from 'node:v8'
    ${before}
    let kept = []
    for (let round = 0; round < 300; round += 1) {
      kept.push(...Array.from({ length: 10_000 }, (_, n) => ({ n })))
      if (kept.length > 300_000) kept = []
      await new Promise(resolve => setTimeout(resolve))
    }
    console.log(v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size)`
  const args = [...LAMBDA, '--input-type=module', '--eval', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.match(stdout, /^\d+\n$/, stderr)
  return Number(stdout) / MIB
}

describe('the young generation of a function', () => {
  it("given many surviving objects and Lambda's options, then it stays far smaller than without", () => {
    const unbounded = sizeAfterLoad('')
    const bounded = sizeAfterLoad(
      `import { boundYoungGeneration } from ${JSON.stringify(MODULE)}; boundYoungGeneration()`,
    )
    assert.ok(unbounded >= 32, `${unbounded} MiB without a bound`)
    // On a busy machine the observer may run late, after one more growth than allowed.
    assert.ok(bounded <= unbounded / 2, `${bounded} MiB with it, ${unbounded} without`)
  })
})
