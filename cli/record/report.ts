/** What a recording came to. Pure. */
import { durationText } from '../../lib/duration.ts'

export interface RecordReport {
  readonly isWhole: boolean
  /** Lines in the file. */
  readonly recorded: number
  /** Records that did not fit the filters. */
  readonly filtered: number
  /** Offsets that hold no record: markers of transactions, records of aborted ones, and what compaction has taken. */
  readonly withoutRecord: number
  /** Offsets that expired before they could be read. */
  readonly expired: number
  /** Lines without their value, because no reader gets a record of that size. */
  readonly oversize: number
  /** Offsets of the range that are not recorded yet. */
  readonly missing: number
  readonly elapsedMs: number
}

export function recordText(report: RecordReport): string {
  const { recorded, filtered, withoutRecord, expired, oversize, missing, elapsedMs } = report
  const parts: [count: number, text: string][] = [
    [filtered, 'records did not fit the filters'],
    [withoutRecord, 'offsets hold no record (markers of transactions, aborted transactions, compaction)'],
    [expired, 'offsets expired before they were read: they are not in the file'],
    [oversize, 'records are too large to be read: their lines have no value, and cannot be replayed'],
    [missing, 'offsets are not recorded yet'],
  ]
  const said = parts.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}\n`)
  return `${recorded} records, in ${durationText(elapsedMs)}\n${said.join('')}`
}
