/** A reporter of `node:test` for one file: it does not print, but says how each of its tests ended. */
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import { PROJECT } from '../support/program.ts'
import type { Result } from './result.ts'

/** The maximum length of a title, in characters. */
export const LONGEST_TITLE = 100

/** The part of an event of a test that is used. */
interface Ended {
  readonly name: string
  /** Absent in the event of the file itself. */
  readonly entryFile?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details: {
    readonly type?: string
    readonly error?: Error & { readonly failureType?: string }
  }
}

/**
 * How the tests of a file ended. What the file wrote is kept with the last one that failed. A file without a test, or one that
 * ended before its tests had, has failed itself.
 *
 * @param file its name in the results
 * @param signal what ends after it was cut off, and has neither passed nor failed
 */
export async function resultsIn(
  file: string,
  events: AsyncIterable<TestEvent>,
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = []
  let hasSummary = false
  let output = ''
  for await (const { type, data } of events) {
    if (signal.aborted) continue
    if (type === 'test:complete') results.push(...resultsOf(file, data))
    else if (type === 'test:stdout' || type === 'test:stderr') output += data.message
    // Thrown after the last test had ended.
    else if (type === 'test:diagnostic' && data.file !== undefined) output += `${data.message}\n`
    // The file's own process sends one at its end; the summary without a file is of the process that has started it.
    else if (type === 'test:summary' && data.file !== undefined) hasSummary = true
  }
  const missing = whatIsMissing(results, hasSummary)
  if (missing !== undefined && !signal.aborted) results.push(failed(file, file, missing))
  const last = results.findLast(({ outcome }) => outcome === 'failed')
  if (last && output.trim() !== '') last.output = output.trim()
  return results
}

/** Why a file has failed although no test of it says so. */
function whatIsMissing(results: readonly Result[], hasSummary: boolean): string | undefined {
  if (results.length === 0) return 'no test ran in this file'
  if (hasSummary || results.some(({ outcome }) => outcome === 'failed')) return undefined
  return 'it ended before its tests had: there is no summary of them'
}

/** Nothing for what another event tells: a suite is its tests, and a test that failed by one inside it is that one. */
function resultsOf(file: string, { name, entryFile, details, skip, todo }: Ended): Result[] {
  const { error, type } = details
  const isFile = entryFile === undefined
  if (error?.failureType === 'subtestsFailed') return []
  if (error) return [failed(isFile ? file : name, file, describe(error))]
  if (!isFile && name.length > LONGEST_TITLE)
    return [failed(name, file, `its title has ${name.length} characters, and may have ${LONGEST_TITLE}`)]
  if (isFile || type === 'suite') return []
  if (skip || todo) return [{ outcome: 'skipped', name, file, why: reasonOf(skip || todo) }]
  return [{ outcome: 'passed', name, file }]
}

function failed(name: string, file: string, why: string): Result {
  return { outcome: 'failed', name, file, why }
}

/** The error that was thrown in the test: the runner wraps it. */
function describe(error: Error): string {
  const thrown = error.cause ?? error
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'ended, because it took too long'
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown)
  return text.replaceAll(`file://${PROJECT}/`, '')
}

function reasonOf(value: string | boolean | undefined): string {
  return typeof value === 'string' && value !== '' ? value : 'no reason given'
}
