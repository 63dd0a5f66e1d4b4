/** What must fail although no test has said so: the runner is run on files that are written for it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Result } from '../../runner/result.ts'
import { PROJECT, runProgram } from '../../support/program.ts'

const IMPORT = "import { it } from 'node:test'\n"
const SOURCES = {
  good: "console.log('not shown'); it('a', () => {}); it('b', { skip: 'why' }, () => {})",
  failing: "console.log('shown once'); it('a', () => { throw new Error('broken') })",
  nothing: "console.log('no test')",
  thrown: "it('a', () => {}); throw new Error('at the top')",
  long: "const data = 'x'.repeat(98); it('a ' + data + 'b', () => {}); it('a ' + data, () => {})",
  'cut-off':
    "it('a', () => {}); it('b', () => new Promise(() => setTimeout(() => process.exit(0), 300))); it('c', () => {})",
} as const

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-runner-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Runs these files as `npm test` does; returns their results by the name of the file, and all that was written. */
async function ran(sources: Readonly<Record<string, string>>, { width = 2, fileTimeoutMs = 300_000 } = {}) {
  const files: string[] = []
  for (const [name, source] of Object.entries(sources)) {
    const file = join(folder, `${name}.test.mjs`)
    await writeFile(file, `${IMPORT}${source}\n`)
    files.push(file)
  }
  const script = join(folder, 'runner.mjs')
  await writeFile(
    script,
    `import { runTests } from ${JSON.stringify(join(PROJECT, 'test/runner/tests.ts'))}
     import { Screen } from ${JSON.stringify(join(PROJECT, 'test/runner/screen.ts'))}
     const screen = new Screen(process.stderr, process.env)
     const options = ${JSON.stringify({ width })}
     const { signal } = new AbortController()
     const results = await runTests(${JSON.stringify(files.map(path => ({ path, timeoutMs: fileTimeoutMs, isLong: false, waits: false })))}, { ...options, env: process.env, signal }, screen)
     console.log(JSON.stringify(results))`,
  )
  const { stdout, output } = await runProgram(script, [])
  const results: Result[] = JSON.parse(stdout)
  const of = (name: string) =>
    results
      .filter(({ file }) => file?.endsWith(`/${name}.test.mjs`))
      .map(({ file: _, ...result }) => ({ ...result, name: result.name.split('/').at(-1) as string }))
  return { of, output }
}

describe('the test runner', () => {
  let run: Awaited<ReturnType<typeof ran>>
  before(async () => {
    run = await ran(SOURCES)
  })

  it('given a file whose tests end, then each has its result, and nothing of its output is kept', () => {
    assert.deepEqual(run.of('good'), [
      { outcome: 'passed', name: 'a' },
      { outcome: 'skipped', name: 'b', why: 'why' },
    ])
    assert.match(run.output, /ok {4}\S*good\.test\.mjs {2}1 passed, 1 skipped {2}\(/)
  })

  it('given a test that fails, then its result has the error and what its file wrote', () => {
    const [result, ...others] = run.of('failing')
    assert.deepEqual(others, [])
    assert.deepEqual([result?.outcome, result?.name, result?.output], ['failed', 'a', 'shown once'])
    assert.match(result?.why ?? '', /^Error: broken\n/)
    assert.match(run.output, /FAIL {2}\S*failing\.test\.mjs {2}1 failed {2}\(.*\n {8}a: Error: broken\n/)
  })

  it('given a title over 100 characters, then that test has failed', () => {
    const [long, short] = run.of('long')
    assert.deepEqual([short?.outcome, short?.name.length], ['passed', 100])
    assert.deepEqual([long?.outcome, long?.name.length], ['failed', 101])
  })

  it('given a file without a test, then it has failed', () => {
    const [result] = run.of('nothing')
    assert.equal(result?.why, 'no test ran in this file')
    assert.equal(result?.outcome, 'failed')
  })

  it('given a file that throws beside its tests, then it has failed', () => {
    const [result] = run.of('thrown')
    assert.equal(result?.outcome, 'failed')
    assert.match(result?.output ?? '', /Error: at the top/)
  })

  it('given a file that ends before its tests with status 0, then it has failed', () => {
    const failed = run.of('cut-off').filter(({ outcome }) => outcome === 'failed')
    assert.deepEqual(
      failed.map(({ name, why }) => [name, why]),
      [['cut-off.test.mjs', 'it ended before its tests had: there is no summary of them']],
    )
  })

  it('given a file that stays after its tests, then it is ended in time, and has failed', async () => {
    const stays = "it('a', () => {}); setInterval(() => {}, 1000)"
    const { of } = await ran({ stays, good: SOURCES.good }, { width: 1, fileTimeoutMs: 3_000 })
    const failed = of('stays').filter(({ outcome }) => outcome === 'failed')
    assert.deepEqual(
      failed.map(({ why }) => why),
      ['ended, because it took too long'],
    )
    assert.equal(of('good').length > 0, true)
  })
})
