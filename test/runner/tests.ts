import { join } from 'node:path'
import { run } from 'node:test'
import { inspect } from 'node:util'
import { PROJECT } from '../support/program.ts'
import { inParallel } from './pool.ts'
import type { Result } from './result.ts'
import type { Screen } from './screen.ts'

export interface TestOptions {
  /** How many files run at once. */
  readonly width: number
  /** A file that takes longer is ended and has failed. */
  readonly fileTimeoutMs: number
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The part of the test runner's reports that is used. */
interface Report {
  readonly name: string
  /** Absent in the report of the file itself. */
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
  const { width, signal } = options
  const results = await inParallel(files, width, signal, file => runFile(file, options, screen))
  return results.flat()
}

async function runFile(file: string, options: TestOptions, screen: Screen): Promise<Result[]> {
  screen.begun(file)
  const { fileTimeoutMs, env, signal } = options
  const tooLong = AbortSignal.timeout(fileTimeoutMs)
  const results: Result[] = []
  let output = ''
  const stream = run({
    files: [join(PROJECT, file)],
    env: definedOnly(env),
    signal: AbortSignal.any([signal, tooLong]),
    cwd: PROJECT,
  })
  for await (const { type, data } of stream) {
    // What was cut off has neither passed nor failed.
    if (signal.aborted) continue
    if (type === 'test:complete') results.push(...resultsOf(file, data))
    else if (type === 'test:stdout' || type === 'test:stderr') output += data.message
    // What was thrown after the last test had ended.
    else if (type === 'test:diagnostic' && data.file !== undefined) output += `${data.message}\n`
  }
  if (results.length === 0 && !signal.aborted) results.push(failed(file, file, 'no test ran in this file'))
  const last = results.findLast(({ outcome }) => outcome === 'failed')
  if (last && output.trim() !== '') last.output = output.trim()
  screen.ended(file, last ? 'failed' : 'passed', countsOf(results))
  return results
}

/** Nothing for what is told elsewhere: a suite is its tests, and a test that failed by one inside it is that one. */
function resultsOf(file: string, { name, entryFile, details, skip, todo }: Report): Result[] {
  const { error, type } = details
  const isFile = entryFile === undefined
  if (error?.failureType === 'subtestsFailed') return []
  if (error) return [failed(isFile ? file : name, file, describe(error))]
  if (isFile || type === 'suite') return []
  if (skip || todo) return [{ outcome: 'skipped', name, file, why: reasonOf(skip || todo) }]
  return [{ outcome: 'passed', name, file }]
}

function failed(name: string, file: string, why: string): Result {
  return { outcome: 'failed', name, file, why }
}

/** What was thrown in the test: the runner wraps it. */
function describe(error: Error): string {
  const thrown = error.cause ?? error
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'ended, because it took too long'
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown)
  return text.replaceAll(`file://${PROJECT}/`, '')
}

function countsOf(results: readonly Result[]): string {
  const counts = (['passed', 'failed', 'skipped'] as const).flatMap(outcome => {
    const count = results.filter(result => result.outcome === outcome).length
    return count > 0 ? [`${count} ${outcome}`] : []
  })
  return counts.join(', ')
}

function reasonOf(value: string | boolean | undefined): string {
  return typeof value === 'string' && value !== '' ? value : 'no reason given'
}

function definedOnly(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
}
