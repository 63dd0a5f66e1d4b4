import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import { PROJECT } from '@sluice/test-kit/program'

/** Result of one test. */
export interface Result {
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly name: string
  /** Path relative to the project. */
  readonly file: string
  /** Reason of a failure or a skip. */
  readonly why?: string
}

/** Part of the data of `test:complete` that this module uses. */
interface Completed {
  readonly name: string
  /** Absent in the event for the file itself. */
  readonly entryFile?: string
  readonly skip?: string | boolean
  readonly todo?: string | boolean
  readonly details: {
    readonly type?: string
    readonly error?: Error & { readonly failureType?: string }
  }
}

/**
 * Collects the results of a file from the events of `node:test`. A file that runs no tests, or that ends before its tests have
 * ended, counts as failed.
 *
 * @param file path relative to the project
 */
export async function readResults(
  file: string,
  events: AsyncIterable<TestEvent>,
): Promise<{ results: Result[]; output: string }> {
  const results: Result[] = []
  const running = new Set<string>()
  let hasSummary = false
  let output = ''
  for await (const { type, data } of events) {
    if (type === 'test:dequeue' && data.type === 'test' && data.file !== undefined) running.add(data.name)
    else if (type === 'test:complete') {
      running.delete(data.name)
      results.push(...listResults(file, data, [...running]))
    } else if (type === 'test:stdout' || type === 'test:stderr') output += data.message
    // Collect an error that was thrown after the last test.
    else if (type === 'test:diagnostic' && data.file !== undefined) output += `${data.message}\n`
    // Summary of the file's own process. A summary without a file is from this process.
    else if (type === 'test:summary' && data.file !== undefined) hasSummary = true
  }
  if (results.length === 0) results.push(failed(file, file, 'no test ran in this file'))
  else if (!hasSummary && results.every(({ outcome }) => outcome !== 'failed'))
    results.push(
      failed(file, file, 'the file ended before its tests had completed: their summary is missing'),
    )
  return { results, output: output.trim() }
}

/** Returns the results of a completed test. Empty for a suite, and for a test that failed only because of a subtest. */
function listResults(
  file: string,
  { name, entryFile, details, skip, todo }: Completed,
  running: string[],
): Result[] {
  const { error, type } = details
  const isFile = entryFile === undefined
  if (error?.failureType === 'subtestsFailed') return []
  if (error) return [failed(isFile ? file : name, file, describe(error, running))]
  if (isFile || type === 'suite') return []
  if (skip || todo) return [{ outcome: 'skipped', name, file, why: getReason(skip || todo) }]
  return [{ outcome: 'passed', name, file }]
}

/** Returns the result of a test that failed. */
export function failed(name: string, file: string, why: string): Result {
  return { outcome: 'failed', name, file, why }
}

/** Describes the error of a test. `node:test` wraps the original error. */
function describe(error: Error, running: readonly string[]): string {
  const thrown = error.cause ?? error
  // Error of `AbortSignal.timeout`. Libraries use this name for errors of their own.
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError')
    return `the file took too long and was ended${running.length > 0 ? ` in: ${running.join(', ')}` : ''}`
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown)
  return text.replaceAll(`file://${PROJECT}/`, '')
}

function getReason(value: string | boolean | undefined): string {
  return typeof value === 'string' && value !== '' ? value : 'no reason given'
}
