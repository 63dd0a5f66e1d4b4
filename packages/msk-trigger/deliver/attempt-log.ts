import { shouldLog } from '../report/attempts.ts'
import type { Log } from '../support/framework.ts'
import { describe, type PartitionRecords } from '../support/parts.ts'

export interface AttemptLog {
  readonly name: string
  readonly log: Log
  readonly invocationLines: boolean
}

/** @param attempt counted from 1. A success after failures is always logged. */
export function logSuccess(
  { name, log, invocationLines }: AttemptLog,
  parts: readonly PartitionRecords[],
  attempt: number,
  tookMs: number,
): void {
  if (attempt === 1 && !invocationLines) return
  const when = attempt === 1 ? '' : ` at attempt ${attempt}`
  const howLong = invocationLines ? ` in ${Math.ceil(tookMs)} ms` : ''
  log.notice(`${name}  ${describe(parts)} succeeded${when}${howLong}`)
}

/** Logs attempts 1, 2, 4, 8 … of a batch that fails. */
export function logFailure(
  { name, log }: AttemptLog,
  parts: readonly PartitionRecords[],
  reason: string,
  attempt: number,
  waitMs: number,
): void {
  if (!shouldLog(attempt)) return
  const shown = shownReason(reason, attempt)
  log.error(`${name}  ${describe(parts)} failed (attempt ${attempt}, retrying in ${waitMs} ms): ${shown}`)
}

/** Logs times 1, 2, 4, 8 … of an unforeseen error that has ended a delivery, with its stack. */
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
    `${name}  ${describe(parts)} is delivered again in ${waitMs} ms, because of a defect of the trigger (time ${count}): ${stack}`,
  )
}

/** A reason with its stack the first time. A batch that fails for hours repeats only the first line. */
export function shownReason(reason: string, attempt: number): string {
  return attempt === 1 ? reason : (reason.split('\n')[0] ?? '')
}

export function attemptsOf(count: number): string {
  return `${count} attempt${count === 1 ? '' : 's'}`
}
