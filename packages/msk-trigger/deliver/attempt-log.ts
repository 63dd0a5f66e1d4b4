import { shouldLog } from '../report/attempts.ts'
import { describe, type PartitionRecords } from '../support/partition-records.ts'
import type { Log } from '../support/serverless.ts'

export interface AttemptLog {
  readonly name: string
  readonly log: Log
}

/** Logs a successful attempt, unless it is the first one. @param attempt number of the attempt, starting at 1 */
export function logSuccess(
  { name, log }: AttemptLog,
  parts: readonly PartitionRecords[],
  attempt: number,
): void {
  if (attempt > 1) log.notice(`${name}  ${describe(parts)} succeeded at attempt ${attempt}`)
}

/**
 * Logs a failed attempt to deliver a batch, or that its runtime has refused to load the handler. Only attempts 1, 2, 4, 8 and so on
 * are logged.
 */
export function logFailure(
  { name, log }: AttemptLog,
  parts: readonly PartitionRecords[],
  reason: string,
  attempt: number,
  waitMs: number,
  isRefused = false,
): void {
  if (!shouldLog(attempt)) return
  const what = isRefused
    ? `waits, loading the handler again in ${waitMs} ms`
    : `failed (attempt ${attempt}, retrying in ${waitMs} ms)`
  log.error(`${name}  ${describe(parts)} ${what}: ${shownReason(reason, attempt)}`)
}

/** Logs an unexpected error that has ended a delivery, with its stack. Only occurrences 1, 2, 4, 8 and so on are logged. */
export function logDefect(
  { name, log }: AttemptLog,
  parts: readonly PartitionRecords[],
  error: unknown,
  count: number,
  waitMs: number,
): void {
  if (!shouldLog(count)) return
  const stack = error instanceof Error ? error.stack : String(error)
  log.error(
    `${name}  ${describe(parts)} is delivered again in ${waitMs} ms, because of an unexpected error in the trigger (occurrence ${count}): ${stack}`,
  )
}

/**
 * Returns the whole reason with its stack for the first attempt, and only its first line for later attempts, because a batch may
 * fail for hours.
 */
export function shownReason(reason: string, attempt: number): string {
  return attempt === 1 ? reason : (reason.split('\n')[0] ?? '')
}

export function formatAttempts(count: number): string {
  return `${count} attempt${count === 1 ? '' : 's'}`
}
