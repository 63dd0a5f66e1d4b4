/** Selects what a segment sink can do next: write a segment, read the log, or leave the rest in the log. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { PendingRecords } from '../log/pending-records.ts'
import type { OffsetRange, Snapshot } from '../model.ts'
import type { SegmentCutter } from './cutter.ts'

export type Selected =
  /** These records are a segment. */
  | { readonly kind: 'segment'; readonly records: readonly LogRecord[] }
  /** This range must be read from the log first. */
  | { readonly kind: 'missing'; readonly range: OffsetRange; readonly appliedOffset: number }
  /** The next segment is not complete. Its records stay in the log, and are read from there when it is. */
  | { readonly kind: 'open' }

/** @param pending the records after the applied offset */
export function selectSegment(
  cutter: SegmentCutter,
  pending: PendingRecords,
  { version: { appliedOffset }, clock }: Pick<Snapshot, 'version' | 'clock'>,
): Selected {
  const { records, missing } = pending.gapless(appliedOffset)
  const count = cutter.complete(records)
  if (count !== undefined) return { kind: 'segment', records: records.slice(0, count) }
  if (!missing || !cutter.mayEnd(appliedOffset, clock, pending.all)) return { kind: 'open' }
  return { kind: 'missing', range: missing, appliedOffset }
}
