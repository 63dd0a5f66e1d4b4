/** Finds the next segment of a log, before its records are decoded. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { PartitionRun } from '../invocation.ts'
import { loadPosition } from '../loading/load.ts'
import { ensureSameLog } from '../log/log-identity.ts'
import type { PendingRecords } from '../log/pending-records.ts'
import type { SegmentCutter } from '../log/segment-cutter.ts'
import type { Chunk, End } from '../model/chunk.ts'
import type { OffsetRange } from '../model/log.ts'
import type { Snapshot } from '../model/snapshot.ts'

/**
 * Runs before step 2. If the next segment is incomplete, its records need no further work in this batch. They stay undecided, and
 * are read from the log when the segment is complete.
 */
export async function findSegment(run: PartitionRun, chunk: Chunk): Promise<Chunk | End> {
  const { stateKey, pending, ports } = run
  const snapshot = await loadPosition(run, chunk.records[0] as LogRecord)
  await ensureSameLog(ports.log, stateKey, snapshot, chunk.records, run.consumer.logTime, run.invocation)
  const { version, outbox } = snapshot
  const { appliedOffset } = version
  const before = pending.all.filter(({ offset }) => offset <= appliedOffset).length
  if (before > 0) {
    ports.report({ kind: 'redelivered', stateKey, records: before })
    return { kind: 'set-by', toOffset: appliedOffset, outbox }
  }
  const selected = selectSegment(run.cutter as SegmentCutter, pending, snapshot)
  if (selected.kind === 'segment') return { records: selected.records, base: appliedOffset }
  if (selected.kind === 'missing') return { ...selected, isRoutine: true }
  const { offset } = pending.all.at(-1) as LogRecord
  return { kind: 'set-by', toOffset: offset, outbox }
}

/** Next action of a segment sink: write a segment, read the log, or leave the remaining records in the log. */
type Selected =
  | { readonly kind: 'segment'; readonly records: readonly LogRecord[] }
  | { readonly kind: 'missing'; readonly range: OffsetRange; readonly appliedOffset: number }
  /** The next segment is incomplete. Its records stay in the log and are read again when it is complete. */
  | { readonly kind: 'open' }

/** @param pending records after the applied offset */
function selectSegment(
  cutter: SegmentCutter,
  pending: PendingRecords,
  { version: { appliedOffset }, clock }: Pick<Snapshot, 'version' | 'clock'>,
): Selected {
  const { records, holes } = pending.upToHole(appliedOffset)
  const count = cutter.complete(records)
  if (count !== undefined) return { kind: 'segment', records: records.slice(0, count) }
  if (!holes || !cutter.mayEnd(appliedOffset, clock, pending.all)) return { kind: 'open' }
  return { kind: 'missing', range: holes, appliedOffset }
}
