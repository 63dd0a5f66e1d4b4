/** A mutation run: determines which mutants of a sample the tests notice. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pMap, { pMapSkip } from 'p-map'
import { UserError } from '../../programs/user-error.ts'
import { type Coverage, withCoverage } from './coverage.ts'
import { editsOfLua } from './lua.ts'
import { type Mutant, mutantsOf, mutated, sampleOf } from './mutant.ts'
import { tryTests } from './trial.ts'
import { editsOfTypeScript, parses } from './typescript.ts'

/** The tests to run for the mutants of a file. */
export interface Tests {
  /** Relative to the project. */
  readonly files: readonly string[]
  /**
   * Runs `work` with everything that these tests need, such as a server, and passes the environment variables for it. Each
   * mutant gets its own server: a script that loops would block a shared one, and seem to kill every later mutant.
   */
  readonly within: <T>(work: (env: Readonly<Record<string, string>>) => Promise<T>) => Promise<T>
}

export interface MutationRun {
  readonly project: string
  /** Source files, relative to the project. */
  readonly files: readonly string[]
  /** The tests of a source file. Tests that never run the code of a mutant are skipped for it. */
  readonly testsOf: (file: string) => Tests
  /** Whether a script can be compiled. */
  readonly compiles: (lua: string) => Promise<boolean>
  readonly sample: number
  readonly seed: number
  /** How many of the sample, from its beginning, are left out, so that a run that was stopped can continue. */
  readonly skip: number
  readonly jobs: number
  /** Processor time that a mutant may use without the end of a test, in addition to a multiple of that of a test file. */
  readonly graceMs?: number
  readonly signal: AbortSignal
  readonly report: (text: string) => void
}

type Verdict = 'killed' | 'timed-out' | 'survived' | 'not-covered'

export interface Judged {
  readonly mutant: Mutant
  readonly verdict: Verdict
}

/** Whether no test noticed the mutant. */
export function isSurvivor({ verdict }: Judged): boolean {
  return verdict === 'survived' || verdict === 'not-covered'
}

/** A test file that passed without a mutant. */
interface Measured {
  readonly test: string
  readonly cpuMs: number
  readonly coverage: Coverage
}

/**
 * Resolves to the verdict for each mutant of the sample, or for those that were tried before the signal.
 *
 * @throws UserError if there are no mutants, or a test fails without any mutant: its failures then mean nothing
 */
export async function runMutants(given: MutationRun): Promise<Judged[]> {
  const { jobs, signal, report } = given
  const sources = await sourcesOf(given)
  const sample = (await runnable(given, sources)).slice(given.skip)
  if (sample.length === 0)
    throw new UserError('There is nothing to change in these files, or all of it is skipped.')
  report(`${sample.length} mutants of ${sources.size} files; first the tests without any of them`)
  const measured = await measure(given, sample)
  const counts: Record<Verdict, number> = { killed: 0, 'timed-out': 0, survived: 0, 'not-covered': 0 }
  const judged = await pMap(
    sample,
    async mutant => {
      if (signal.aborted) return pMapSkip
      const verdict = await tryMutant(given, mutant, sources, measured).catch(error => {
        if (signal.aborted) return undefined
        throw error
      })
      if (verdict === undefined) return pMapSkip
      counts[verdict] += 1
      const done = Object.values(counts).reduce((sum, count) => sum + count)
      const ended = `${given.skip + done}/${given.skip + sample.length}  ${counts.survived + counts['not-covered']} survived`
      report(`${ended}  ${verdict}  ${mutant.file}:${mutant.line}`)
      if (isSurvivor({ mutant, verdict })) report(`    - ${mutant.before}\n    + ${mutant.after}`)
      return { mutant, verdict }
    },
    { concurrency: jobs },
  )
  if (!signal.aborted) await proveUnharmed(given, sample, measured)
  return judged
}

async function sourcesOf({ project, files }: MutationRun): Promise<ReadonlyMap<string, string>> {
  const sources = new Map<string, string>()
  for (const file of files) sources.set(file, await readFile(join(project, file), 'utf8'))
  return sources
}

/** The first mutants of the sample that can run. Any test would notice one that cannot. */
async function runnable(given: MutationRun, sources: ReadonlyMap<string, string>): Promise<Mutant[]> {
  const all = [...sources].flatMap(([file, source]) =>
    mutantsOf(file, source, isLua(file) ? editsOfLua(source) : editsOfTypeScript(source)),
  )
  const sample: Mutant[] = []
  for (const mutant of sampleOf(all, all.length, given.seed)) {
    if (sample.length >= given.sample) break
    const source = mutated(sources.get(mutant.file) as string, mutant)
    if (isLua(mutant.file) ? await given.compiles(source) : parses(source)) sample.push(mutant)
  }
  return sample
}

async function measure(given: MutationRun, sample: readonly Mutant[]): Promise<Measured[]> {
  const { project, testsOf, jobs, signal } = given
  const needed = new Map(
    sample.flatMap(({ file }) => testsOf(file).files.map(test => [test, testsOf(file)] as const)),
  )
  return pMap(
    needed,
    async ([test, { within }]) => {
      if (signal.aborted) return pMapSkip
      const { done, coverage } = await within(own =>
        withCoverage(project, env => tryTests({ project, tests: [test], env: { ...own, ...env }, signal })),
      )
      if (done.outcome !== 'passed' || done.cpuMs === undefined)
        throw new UserError(`${test} fails without any mutant (${done.outcome}):\n${done.output}`)
      return { test, cpuMs: done.cpuMs, coverage }
    },
    { concurrency: jobs },
  )
}

/** The tests that run the code of a mutant, fastest first. For scripts, coverage is unknown, so all tests count. */
function testsFor(
  { testsOf }: MutationRun,
  { file, start }: Mutant,
  measured: readonly Measured[],
): Measured[] {
  const { files } = testsOf(file)
  return measured
    .filter(({ test, coverage }) => files.includes(test) && (isLua(file) || coverage.has(file, start)))
    .sort((a, b) => a.cpuMs - b.cpuMs)
}

async function tryMutant(
  given: MutationRun,
  mutant: Mutant,
  sources: ReadonlyMap<string, string>,
  measured: readonly Measured[],
): Promise<Verdict> {
  const { project, testsOf, signal } = given
  const { file } = mutant
  const tests = testsFor(given, mutant, measured)
  if (tests.length === 0) return 'not-covered'
  const { outcome, output } = await testsOf(file).within(env =>
    tryTests({
      project,
      tests: tests.map(({ test }) => test),
      env,
      signal,
      cpuLimitMs: cpuLimitOf(tests, given.graceMs),
      replaced: { file, source: mutated(sources.get(file) as string, mutant) },
    }),
  )
  if (outcome === 'no-test') throw new UserError(`${mutant.file}:${mutant.line}: no test ran.\n${output}`)
  return outcome === 'passed' ? 'survived' : outcome === 'failed' ? 'killed' : 'timed-out'
}

/** A multiple of the slowest file's time without a mutant: only an endless loop lets no test end for longer. */
function cpuLimitOf(tests: readonly Measured[], graceMs = 10_000): number {
  return graceMs + 4 * Math.max(...tests.map(({ cpuMs }) => cpuMs))
}

/** Runs the tests again at the end: if something else broke them meanwhile, every mutant since then seemed killed. */
async function proveUnharmed(given: MutationRun, sample: readonly Mutant[], measured: readonly Measured[]) {
  const { project, testsOf, signal } = given
  const groups = new Map(sample.map(({ file }) => [testsOf(file).files.join(' '), testsOf(file)]))
  for (const { files, within } of groups.values()) {
    const tests = measured.map(({ test }) => test).filter(test => files.includes(test))
    const { outcome, output } = await within(env => tryTests({ project, tests, env, signal }))
    if (outcome !== 'passed')
      throw new UserError(`After the run, tests fail without any mutant (${outcome}):\n${output}`)
  }
}

function isLua(file: string): boolean {
  return file.endsWith('.lua')
}
