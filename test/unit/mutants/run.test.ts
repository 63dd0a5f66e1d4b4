import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { keyOf } from '../../mutants/mutant.ts'
import { type Judged, type MutationRun, runMutants, type Tests } from '../../mutants/run.ts'
import { scriptTests } from '../../mutants/test-files.ts'
import { tryTests } from '../../mutants/trial.ts'
import { verdictOf } from '../../mutants/verdict.ts'
import { PROJECT, runProgram } from '../../support/program.ts'

const CODE = `export const isMore = (a: number, b: number): boolean => a > b
export function count(): number {
  let n = 0
  while (n < 3) n += 1
  return n
}
export const unused = (): number => 5
`
const TEST = `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, isMore } from './code.ts'
test('it is more', () => assert.ok(isMore(2, 1)))
test('it counts', () => assert.equal(count(), 3))
`

const within: Tests['within'] = work => work({})

describe('a mutation run', () => {
  let project: string
  let judged: Judged[]
  const said: string[] = []

  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-mutants-'))
    await writeFile(join(project, 'code.ts'), CODE)
    await writeFile(join(project, 'code.test.ts'), TEST)
    await writeFile(join(project, 'red.test.ts'), TEST.replace('isMore(2, 1)', 'isMore(1, 2)'))
    judged = await runMutants(given({ report: text => said.push(text) }))
  })
  after(() => rm(project, { recursive: true, force: true }))

  function given(more: Partial<MutationRun> = {}): MutationRun {
    return {
      project,
      files: ['code.ts'],
      testsOf: () => ({ files: ['code.test.ts'], within }),
      compiles: async () => true,
      sample: 100,
      seed: 1,
      skip: 0,
      jobs: 2,
      graceMs: 1_000,
      signal: new AbortController().signal,
      report: () => {},
      ...more,
    }
  }

  function verdictsOf(line: number): string[] {
    const verdicts = judged.filter(({ mutant }) => mutant.line === line)
    return verdicts.map(({ mutant, verdict }) => `${verdict} ${mutant.after}`).sort()
  }

  it('given a comparison that is tested on one side, then the change of its boundary survives', () => {
    const head = 'export const isMore = (a: number, b: number): boolean =>'
    assert.deepEqual(verdictsOf(1), [`killed ${head} undefined`, `survived ${head} a >= b`])
  })

  it('given a mutant that loops without end, then it is timed out, and what fails is killed', () => {
    assert.deepEqual(verdictsOf(4), [
      'killed while (false) n += 1',
      'killed while (n < 3) n += 2',
      'killed while (n < 4) n += 1',
      'killed while (n <= 3) n += 1',
      'timed-out while (n < 3) ;',
      'timed-out while (n < 3) n -= 1',
    ])
  })

  it('given code that no test runs, then its mutants are not covered', () => {
    assert.ok(verdictsOf(7).every(line => line.startsWith('not-covered')))
    assert.equal(verdictsOf(7).length, 2)
  })

  it('given the run, then the file is what it was, and each mutant was told as it ended', async () => {
    assert.equal(await readFile(join(project, 'code.ts'), 'utf8'), CODE)
    assert.equal(said.filter(text => text.startsWith(`${judged.length}/${judged.length}  `)).length, 1)
  })

  it('given survivors without a reason, then the run is not good; with reasons, only up to 5 %', () => {
    const survived = judged.filter(({ verdict }) => /survived|not-covered/.test(verdict))
    const reasons = new Map(survived.map(({ mutant }) => [keyOf(mutant), { ...mutant, reason: 'no matter' }]))
    assert.equal(verdictOf(judged, new Map()).isGood, false)
    assert.match(verdictOf(judged, new Map()).lines.join('\n'), /code\.ts:1 {2}survived, without a reason/)
    assert.equal(verdictOf(judged, reasons).isGood, false)
    const killed = judged.filter(({ verdict }) => verdict === 'killed').slice(0, 1)
    const many = [...survived.slice(0, 1), ...Array.from({ length: 19 }, () => killed).flat()]
    assert.equal(verdictOf(many, reasons).isGood, true)
    assert.equal(verdictOf(many, new Map()).isGood, false)
    assert.equal(verdictOf(many.slice(0, 19), reasons).isGood, false)
  })

  it('given a test that fails without any mutant, then nothing is said about mutants', async () => {
    const red = given({ testsOf: () => ({ files: ['red.test.ts'], within }) })
    await assert.rejects(runMutants(red), /red\.test\.ts fails without any mutant.*\n.*it is more/)
  })

  it('given a file without tests in it, then the run fails', async () => {
    const none = given({ testsOf: () => ({ files: ['code.ts'], within }) })
    await assert.rejects(runMutants(none), /code\.ts fails without any mutant \(no-test\)/)
  })

  it('given a request to stop, then what had ended is returned, and nothing runs on', async () => {
    const stop = new AbortController()
    const report = (text: string) => {
      if (/^1\//.test(text)) stop.abort()
    }
    const some = await runMutants(given({ signal: stop.signal, report, jobs: 1 }))
    assert.equal(some.length, 1)
  })

  it('given the first of a sample that are left out, then the others of the same sample are tried', async () => {
    const last = judged.at(-1)
    const said: string[] = []
    const rest = await runMutants(given({ skip: judged.length - 1, report: text => said.push(text) }))
    assert.deepEqual(rest, [last])
    assert.match(said.join('\n'), new RegExp(`^${judged.length}/${judged.length}  `, 'm'))
  })

  it('given more left out than the sample has, then the run fails, because it tries nothing', async () => {
    await assert.rejects(
      runMutants(given({ skip: judged.length })),
      /nothing to change .* all of it is skipped/,
    )
  })
})

describe('a run of test files with a limit of processor time', () => {
  let project: string
  before(async () => {
    project = await mkdtemp(join(tmpdir(), 'sluice-trial-'))
  })
  after(() => rm(project, { recursive: true, force: true }))

  /** A test that takes this much processor time, several times. */
  async function outcomeOf(ms: number, times: number): Promise<string> {
    const file = `${times}-times.test.ts`
    const busy = `const { user } = process.cpuUsage()
      while (process.cpuUsage().user < user + ${ms * 1000}) for (let n = 0; n < 1e6; n++);`
    const tests = `for (let n = 0; n < ${times}; n++) test('it is busy ' + n, () => { ${busy} })`
    await writeFile(join(project, file), `import { test } from 'node:test'\n${tests}\n`)
    const { signal } = new AbortController()
    return (await tryTests({ project, tests: [file], env: {}, signal, cpuLimitMs: 1_200 })).outcome
  }

  it('given tests that take longer only together, then they pass; given one that does, then not', async () => {
    assert.equal(await outcomeOf(500, 4), 'passed')
    assert.equal(await outcomeOf(4_000, 1), 'timed-out')
  })
})

describe('npm run mutants', () => {
  it('given the tests of the Lua scripts, then each needs Redis, and no other server', async () => {
    const files = await scriptTests()
    assert.equal(files.length, 7)
    for (const file of files) {
      const [, servers] =
        /import \{ (.*) \} from '.*\/servers\.ts'/.exec(await readFile(join(PROJECT, file), 'utf8')) ?? []
      assert.equal(servers, 'redisUrl', file)
    }
  })

  it('given a path with no source in it, then it fails and names the path', async () => {
    const { code, output } = await runProgram('test/mutants/mutants.ts', ['lib/runtime/pipeline/nothing'])
    assert.equal(code, 1)
    assert.match(output, /lib\/runtime\/pipeline\/nothing: there is no \.ts or \.lua file/)
  })

  it('given a sample that is not a number, then it says what it must be', async () => {
    const { code, output } = await runProgram('test/mutants/mutants.ts', ['--sample', 'all'])
    assert.equal(code, 1)
    assert.match(output, /--sample: must be a whole number from 1 on/)
  })
})
