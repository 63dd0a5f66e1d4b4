/** Failures that no test reports itself. The runner runs files that are written for it. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Result } from '../../runner/results.ts'
import { PROJECT, runProgram } from '../../support/program.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-runner-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Runs one file as `npm test` does, in another process, because `run` of node:test does nothing inside a test. */
async function ran(source: string, fileTimeoutMs = 300_000, isTwice = false, copies = 1) {
  const own = await mkdtemp(join(folder, 'run-'))
  const files = Array.from({ length: copies }, (_, copy) => join(own, `some${copy || ''}.test.mjs`))
  const script = join(own, 'runner.mjs')
  for (const file of files) await writeFile(file, `import { it } from 'node:test'\n${source}\n`)
  await writeFile(
    script,
    `import { runFailedAgain, runTests } from ${JSON.stringify(join(PROJECT, 'test/runner/tests.ts'))}
     const { signal } = new AbortController()
     const options = { width: 1, env: process.env, signal, print: console.error, fileTimeoutMs: ${fileTimeoutMs} }
     const results = await runTests(${JSON.stringify(files)}, options)
     console.log(JSON.stringify(${isTwice} ? await runFailedAgain(results, options) : results))`,
  )
  const { stdout, output } = await runProgram(script, [])
  const results: Result[] = JSON.parse(stdout)
  return {
    results: results.map(({ outcome, name, why = '' }) => [outcome, name.split('/').at(-1), why]),
    output,
  }
}

describe('the test runner', () => {
  it('reports the result of each test, and not the output of a file that passes', async () => {
    const { results, output } = await ran(
      "console.log('not shown'); it('a', () => {}); it('b', { skip: 'no disk' }, () => {})",
    )
    assert.deepEqual(results, [
      ['passed', 'a', ''],
      ['skipped', 'b', 'no disk'],
    ])
    assert.match(output, /ok {3}1\/1 {2}\S*some\.test\.mjs {2}1 passed, 1 skipped {2}\(/)
    assert.doesNotMatch(output, /not shown/)
  })

  it('shows the error and the output of a file with a failed test', async () => {
    const { results, output } = await ran(
      "console.log('shown'); it('a', () => { throw new Error('broken') })",
    )
    assert.deepEqual(
      results.map(([outcome, name]) => [outcome, name]),
      [['failed', 'a']],
    )
    assert.match(
      output,
      /FAIL 1\/1 {2}\S*some\.test\.mjs {2}1 failed {2}\(.*\n {8}a: Error: broken\n.*Output:\n {8}shown/s,
    )
  })

  const hidden = [
    ['runs no test', "console.log('no test')", /no test ran in this file/],
    ['throws beside its tests', "it('a', () => {}); throw new Error('at the top')", /./],
    [
      'ends with status 0 before its tests',
      "it('a', () => {}); it('b', () => new Promise(() => setTimeout(() => process.exit(0), 300))); it('c', () => {})",
      /ended before its tests/,
    ],
  ] as const
  for (const [what, source, why] of hidden)
    it(`fails a file that ${what}`, async () => {
      const { results } = await ran(source)
      const reasons = results.flatMap(([outcome, , reason]) => (outcome === 'failed' ? [reason ?? ''] : []))
      assert.equal(reasons.length, 1)
      assert.match(reasons[0] ?? '', why)
    })

  it('fails a file that leaves something in the temporary folder, and removes it', async () => {
    const { results } = await ran(
      `import { mkdtempSync } from 'node:fs'
       it(mkdtempSync(process.env.TMPDIR + '/left-'), () => {})`,
    )
    const [[, , why], [, made]] = [results[1] ?? [], results[0] ?? []]
    assert.match(why ?? '', /^1 left in the temporary folder: left-\w+$/)
    assert.ok(why?.endsWith(made as string))
    const others = (await readdir(tmpdir())).filter(name => name.startsWith('sluice-test-'))
    const kept = others.filter(name => existsSync(join(tmpdir(), name, made as string)))
    assert.deepEqual(kept, [])
  })

  it('runs a failed file of a whole run once more, and says that it passed only then', async () => {
    const mark = JSON.stringify(join(folder, 'has-failed'))
    const { results, output } = await ran(
      `import { existsSync, writeFileSync } from 'node:fs'
       const isSecond = existsSync(${mark})
       writeFileSync(${mark}, '')
       it('a', () => {}); it('b', () => { if (!isSecond) throw new Error('too slow') })`,
      300_000,
      true,
    )
    assert.deepEqual(results, [
      ['passed', 'a', 'in a second run'],
      ['passed', 'b', 'in a second run'],
    ])
    assert.match(output, /FAIL 1\/1 .*b: Error: too slow.*once more.*ok {3}1\/1/s)
  })

  it('keeps the failure of a file that fails twice, and runs many failed files only once', async () => {
    const fails = "it('a', () => { throw new Error('broken') })"
    const one = await ran(fails, 300_000, true)
    assert.deepEqual(
      one.results.map(([outcome, name]) => [outcome, name]),
      [['failed', 'a']],
    )
    assert.equal(one.output.match(/FAIL/g)?.length, 2)
    const many = await ran(fails, 300_000, true, 7)
    assert.equal(many.results.length, 7)
    assert.equal(many.output.match(/FAIL/g)?.length, 7)
  })

  it('ends a file that stays after its tests, and names the test that never ended', async () => {
    const sources = [
      "it('a', () => {}); setInterval(() => {}, 1000)",
      "it('a', () => {}); it('waits', () => new Promise(() => setInterval(() => {}, 1000)))",
      "it('a', () => {}); it('loops', () => { for (;;); })",
    ]
    const all = await Promise.all(sources.map(source => ran(source, 3_000)))
    const [stays, waits, loops] = all.map(({ results }) => results.at(-1)?.[2] ?? '')
    assert.match(stays ?? '', /^the file took too long and was ended/)
    assert.match(waits ?? '', /^the file took too long and was ended in: waits$/)
    assert.match(loops ?? '', /^the file took too long and was ended/)
  })
})
