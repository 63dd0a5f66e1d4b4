import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { areasOf } from '../../mutants/areas.ts'
import { type Judged, keyOf } from '../../mutants/mutant.ts'
import { SCRIPT_TESTS } from '../../mutants/scripts.ts'
import { tryPassages } from '../../mutants/stryker.ts'
import { summaryOf } from '../../mutants/survivors.ts'
import { sourceFiles } from '../../runner/source-files.ts'
import { PROJECT, runProgram } from '../../support/program.ts'

describe('mutants of TypeScript', () => {
  it('given code of a workspace, then tests that import it by name notice its mutants', async () => {
    const file = 'packages/kafka-records/requests/batches.ts'
    const source = await readFile(join(PROJECT, file), 'utf8')
    // Each mutant is a run of its tests, so a part of the file stands for it.
    const last = source.split('\n').indexOf('    decode: bytes => {')
    assert.ok(last > 0)
    const judged = await tryPassages(
      [{ file, first: 1, last }],
      ['test/unit/packages/batches-question.test.ts'],
      2,
      new AbortController().signal,
    )
    const killed = judged.filter(({ verdict }) => verdict === 'killed')
    assert.ok(killed.length > judged.length / 2, JSON.stringify(judged, undefined, 2))
    assert.ok(killed.every(({ mutant }) => mutant.file === file))
    assert.equal(await readFile(join(PROJECT, file), 'utf8'), source)
  })

  it('given each part of the product, then there are tests of its own', async () => {
    const files = ['lib/duration.ts', ...(await sourceFiles('{lib,packages,packages/msk-trigger}/**/*.ts'))]
    const areas = await areasOf(files.map(file => ({ file, first: 1, last: 8 })))
    assert.ok(areas.length >= 14)
    for (const { passages, tests } of areas) assert.ok(tests.length > 0, passages[0]?.file)
  })
})

describe('the summary of a mutation run', () => {
  const mutant = {
    file: 'a.ts',
    start: 0,
    end: 1,
    replacement: 'b',
    line: 1,
    lastLine: 1,
    before: 'a',
    after: 'b',
  }
  const survived: Judged = { mutant, verdict: 'survived' }
  const known = new Map([[keyOf(mutant), { ...mutant, reason: 'no matter' }]])

  it('given a survivor, then it is listed and the run fails, unless survivors.json has its reason', () => {
    const summary = summaryOf([survived], new Map())
    assert.deepEqual(summary.lines.slice(0, 3), ['a.ts:1  survived', '    - a', '    + b'])
    assert.equal(summary.isGood, false)
    assert.equal(summaryOf([survived], known).isGood, true)
  })

  it('given a listed mutant that was killed, then it is reported', () => {
    const { lines } = summaryOf([{ mutant, verdict: 'killed' }], known)
    assert.match(lines.join('\n'), /a\.ts:1 {2}is listed in survivors\.json, but was killed/)
  })
})

describe('npm run mutants', () => {
  it('given the tests of the Lua scripts, then each needs Redis, and no other server', async () => {
    const files = await sourceFiles(...SCRIPT_TESTS)
    assert.equal(files.length, 7)
    for (const file of files) {
      const [, servers] =
        /import \{ (.*) \} from '.*\/servers\.ts'/.exec(await readFile(join(PROJECT, file), 'utf8')) ?? []
      assert.equal(servers, 'redisUrl', file)
    }
  })

  it('given a path without sources, then it fails and names the path', async () => {
    const { code, output } = await runProgram('test/mutants/mutants.ts', [
      'packages/runtime/pipeline/nothing',
    ])
    assert.equal(code, 1)
    assert.match(output, /packages\/runtime\/pipeline\/nothing: there is no \.ts or \.lua file/)
  })

  it('given a sample that is not a number, then it says what it must be', async () => {
    const { code, output } = await runProgram('test/mutants/mutants.ts', ['--sample', 'all'])
    assert.equal(code, 1)
    assert.match(output, /--sample: must be a whole number from 1 on/)
  })
})
