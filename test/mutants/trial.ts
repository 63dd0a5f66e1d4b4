/** Runs test files on the project, optionally with other contents of one file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Program } from '../support/program.ts'
import { FAILED, NO_TEST, PASSED } from './outcome.ts'

export interface Trial {
  /** `timed-out` if it took too much processor time, or too long in all. */
  readonly outcome: 'passed' | 'failed' | 'timed-out' | 'no-test'
  /** Processor time; undefined if it timed out. */
  readonly cpuMs: number | undefined
  readonly output: string
}

export interface TrialOptions {
  readonly project: string
  /** Relative to the project. */
  readonly tests: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** Upper bound for the processor time in which no test ends. */
  readonly cpuLimitMs?: number
  /** Other contents of one file for this trial. */
  readonly replaced?: { readonly file: string; readonly source: string }
}

const RUN_FILES = join(import.meta.dirname, 'run-files.ts')
const LOADER = pathToFileURL(join(import.meta.dirname, 'loader.ts')).href
const OUTCOMES = new Map<number | null, Trial['outcome']>([
  [PASSED, 'passed'],
  [FAILED, 'failed'],
  [NO_TEST, 'no-test'],
])

/** Upper bound in real time, for a test that waits without processor time for something that the mutant never does. */
const LONGEST_MS = 4 * 60_000

/** @throws the reason of the signal if it is aborted */
export async function tryTests(options: TrialOptions): Promise<Trial> {
  const { replaced, project } = options
  if (!replaced) return run(options, {})
  const folder = await mkdtemp(join(tmpdir(), 'sluice-mutant-'))
  try {
    const source = join(folder, 'source')
    await writeFile(source, replaced.source)
    const preload = `${process.env.NODE_OPTIONS ?? ''} --import=${LOADER}`
    const file = join(project, replaced.file)
    return await run(options, { MUTANT_FILE: file, MUTANT_SOURCE: source, NODE_OPTIONS: preload })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(
  { project, tests, env, signal, cpuLimitMs }: TrialOptions,
  more: Readonly<Record<string, string>>,
): Promise<Trial> {
  const limit = cpuLimitMs === undefined ? {} : { CPU_LIMIT_MS: String(Math.ceil(cpuLimitMs)) }
  const program = new Program(
    RUN_FILES,
    tests.map(file => join(project, file)),
    { cwd: project, env: { NODE_NO_WARNINGS: '1', ...env, ...limit, ...more } },
  )
  const kill = () => program.signal('SIGKILL')
  const tooLong = setTimeout(kill, LONGEST_MS)
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  const { code, output } = await program.ended.finally(() => {
    clearTimeout(tooLong)
    signal.removeEventListener('abort', kill)
  })
  signal.throwIfAborted()
  const cpu = /^cpu: (\d+)$/m.exec(output)?.[1]
  const outcome = code === null ? 'timed-out' : (OUTCOMES.get(code) ?? 'failed')
  return { outcome, cpuMs: cpu === undefined ? undefined : Number(cpu), output }
}
