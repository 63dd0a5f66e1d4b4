/** Result of a recording. Pure. */

import { durationText } from '../../lib/duration.ts'
import type { RecordReport } from '../../lib/operations/record/record.ts'

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
