import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const MIB = 1024 * 1024
/** Effective options of Lambda for a function of 512 MB. */
const LAMBDA = ['--max-old-space-size=460', '--max-semi-space-size=25']
const MODULE = new URL('../../../lambda/heap-growth.ts', import.meta.url).href
const ADAPTED = `import { adaptHeap } from ${JSON.stringify(MODULE)}; adaptHeap()`

/** Returns the number that the program prints. */
function run(options: readonly string[], before: string, program: string): number {
  const args = [
    ...options,
    '--input-type=module',
    '--eval',
    `import v8 from 'node:v8'\n${before}\n${program}`,
  ]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.match(stdout, /^\d+\n$/, stderr)
  return Number(stdout)
}

/** Lets many objects survive, and prints the size of the young generation. */
const SIZE_AFTER_LOAD = `
  let kept = []
  for (let round = 0; round < 300; round += 1) {
    kept.push(...Array.from({ length: 10_000 }, (_, n) => ({ n })))
    if (kept.length > 300_000) kept = []
    await new Promise(resolve => setTimeout(resolve))
  }
  console.log(v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size)`

/** Keeps the objects of forty rounds, and prints how often the whole heap was collected. */
const FULL_COLLECTIONS = `
  let full = 0
  const MAJOR = 4
  new PerformanceObserver(list => {
    full += list.getEntries().filter(({ detail }) => detail.kind === MAJOR).length
  }).observe({ entryTypes: ['gc'] })
  const kept = []
  for (let round = 0; round < 1_000; round += 1) {
    kept[round % 40] = Array.from({ length: 6_000 }, (_, n) => ({ n, round }))
    await new Promise(resolve => setTimeout(resolve))
  }
  console.log(full)`

describe('the heap of a function', () => {
  it("given many surviving objects and Lambda's options, then the young generation stays far smaller than without", () => {
    const unbounded = run(LAMBDA, '', SIZE_AFTER_LOAD) / MIB
    const bounded = run(LAMBDA, ADAPTED, SIZE_AFTER_LOAD) / MIB
    assert.ok(unbounded >= 32, `${unbounded} MiB without a bound`)
    // On a busy machine the observer may run late, after one more growth than allowed.
    assert.ok(bounded <= unbounded / 2, `${bounded} MiB with it, ${unbounded} without`)
  })

  it('given objects that outlive several batches, then the whole heap is collected less than half as often', () => {
    const options = ['--max-old-space-size=460', '--max-semi-space-size=4']
    const plain = run(options, '', FULL_COLLECTIONS)
    const adapted = run(options, ADAPTED, FULL_COLLECTIONS)
    assert.ok(plain >= 10, `${plain} full collections without it`)
    assert.ok(adapted <= plain / 2, `${adapted} full collections with it, ${plain} without`)
  })
})
