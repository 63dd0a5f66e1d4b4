import { join, relative } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { PROJECT } from '../support/program.ts'
import type { Result } from './result.ts'
import type { Screen } from './screen.ts'

export interface TestOptions {
  /** How many files run at once. */
  readonly width: number
  /** A test that takes longer has failed. */
  readonly testTimeoutMs: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The parts of the test runner's reports that are used. */
interface Report {
  readonly name: string
  /** Where the test stands, and the file that was run: a suite for several implementations stands elsewhere. */
  readonly file?: string
  readonly entryFile?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details: {
    readonly type?: string
    readonly error?: Error & { readonly failureType?: string }
  }
}

/** Runs test files, each in a process of its own, and tells how each ended; the files are relative to the project. */
export async function runTests(
  files: readonly string[],
  options: TestOptions,
  screen: Screen,
): Promise<Result[]> {
  const { width, testTimeoutMs, env, signal } = options
  const paths = files.map(file => join(PROJECT, file))
  const stream = run({
    files: paths,
    concurrency: width,
    timeout: testTimeoutMs,
    // A test that hangs has failed by then; what it has left open must not hold up the others.
    forceExit: true,
    env: definedOnly(env),
    signal,
    cwd: PROJECT,
  })
  const book = new TestBook(screen)
  // Not the events of passing and failing: they come in the order of the files, long after the fact.
  for await (const { type, data } of stream) {
    if (type === 'test:dequeue' && isFile(data)) screen.begun(fileOf(data))
    else if (type === 'test:complete') book.completed(data)
    else if (type === 'test:stdout' || type === 'test:stderr') book.said(data)
  }
  return book.results
}

/** Takes down what the tests of a phase report, file by file. */
class TestBook {
  readonly results: Result[] = []
  readonly #screen: Screen
  /** What files wrote, to be shown for those that fail. */
  readonly #output = new Map<string, string>()

  constructor(screen: Screen) {
    this.#screen = screen
  }

  said({ file, message }: { readonly file: string; readonly message: string }): void {
    this.#output.set(file, (this.#output.get(file) ?? '') + message)
  }

  completed(report: Report): void {
    const result = isFile(report) ? this.#resultOfFile(report) : resultOf(report)
    if (result) this.results.push(result)
    if (isFile(report)) this.#closeFile(report)
  }

  /** A file is a result of its own only where it failed as a whole, or where nothing in it ran. */
  #resultOfFile(report: Report): Result | undefined {
    const file = fileOf(report)
    const failure = failureOf(report)
    if (failure !== undefined) return { outcome: 'failed', name: file, file, why: failure }
    if (this.#of(file).length > 0) return undefined
    return { outcome: 'failed', name: file, file, why: 'no test ran in this file' }
  }

  #closeFile(report: Report): void {
    const file = fileOf(report)
    const own = this.#of(file)
    const counts = (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
      const count = own.filter(result => result.outcome === outcome).length
      return count > 0 ? [`${count} ${outcome}`] : []
    })
    const last = own.findLast(({ outcome }) => outcome === 'failed')
    const output = this.#output.get(report.file ?? '')?.trim()
    if (last && output) last.output = output
    this.#screen.ended(file, last ? 'failed' : 'passed', counts.join(', '))
  }

  #of(file: string): Result[] {
    return this.results.filter(result => result.file === file)
  }
}

/** Undefined for what is told elsewhere: a suite is its tests, and a test that failed by one inside it is that one. */
function resultOf(report: Report): Result | undefined {
  const { name, details, skip, todo } = report
  const file = fileOf(report)
  const failure = failureOf(report)
  if (failure !== undefined) return { outcome: 'failed', name, file, why: failure }
  if (details.error !== undefined || details.type === 'suite') return undefined
  if (skip || todo) return { outcome: 'skipped', name, file, why: reasonOf(skip || todo) }
  return { outcome: 'passed', name, file }
}

/** Why it failed by itself. */
function failureOf({ details: { error } }: Report): string | undefined {
  if (error === undefined || error.failureType === 'subtestsFailed') return undefined
  // What was thrown in the test: the runner wraps it.
  const thrown = error.cause ?? error
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown)
  return text.replaceAll(`file://${PROJECT}/`, '')
}

/** The report of a whole file: it is named by its path. */
function isFile({ name, file, entryFile }: Report): boolean {
  return name === file && entryFile === undefined
}

function fileOf({ name, file, entryFile }: Report): string {
  return relative(PROJECT, entryFile ?? file ?? name)
}

function reasonOf(value: string | boolean | undefined): string {
  return typeof value === 'string' && value !== '' ? value : 'no reason given'
}

function definedOnly(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}
