/** Formats the result of a recording. Pure. */

import { count } from '../../lib/count.ts'
import { durationText } from '../../lib/duration.ts'
import type { RecordReport } from '../../lib/operations/record/record.ts'

export function recordText(report: RecordReport): string {
  const { recorded, filtered, withoutRecord, expired, oversize, missing, elapsedMs } = report
  const parts: [number: number, what: string, text: string][] = [
    [filtered, 'record', 'did not match the filters'],
    [withoutRecord, 'offset', 'without a record (markers of transactions, aborted transactions, compaction)'],
    [expired, 'offset', 'expired before the reading, and missing from the file'],
    [oversize, 'record', 'too large to be read, written without a value, which cannot be replayed'],
    [missing, 'offset', 'not recorded yet'],
  ]
  const notes = parts.filter(([number]) => number > 0)
  const lines = notes.map(([number, what, text]) => `${count(number, what)} ${text}\n`)
  return `${count(recorded, 'record')}, in ${durationText(elapsedMs)}\n${lines.join('')}`
}
