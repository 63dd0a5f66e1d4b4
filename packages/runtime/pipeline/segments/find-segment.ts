/** Finds the next segment of a log, before its records are decoded. */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { PartitionRun } from '../invocation.ts'
import { loadPosition } from '../loading/load.ts'
import { ensureSameLog } from '../log/log-identity.ts'
import type { SegmentCutter } from '../log/segment-cutter.ts'
import type { Chunk, End } from '../model/chunk.ts'

/**
 * Runs before step 2. If the next segment is incomplete, its records need no further work in this batch. They stay undecided, and
 * are read from the log when the segment is complete.
 */
export async function findSegment(run: PartitionRun, chunk: Chunk): Promise<Chunk | End> {
  const { stateKey, pending, ports } = run
  const snapshot = await loadPosition(run, chunk.records[0] as LogRecord)
  await ensureSameLog(ports.log, stateKey, snapshot, chunk.records, run.consumer.logTime, run.invocation)
  const { clock, outbox, version } = snapshot
  const { appliedOffset } = version
  const before = pending.all.filter(({ offset }) => offset <= appliedOffset).length
  if (before > 0) {
    ports.report({ kind: 'redelivered', stateKey, records: before })
    return { kind: 'leftover', toOffset: appliedOffset, outbox }
  }
  const cutter = run.cutter as SegmentCutter
  const { records, holes } = pending.upToHole(appliedOffset)
  const count = cutter.complete(records)
  if (count !== undefined) return { records: records.slice(0, count), base: appliedOffset }
  if (holes && cutter.mayEnd(appliedOffset, clock, pending.all))
    return { kind: 'missing', range: holes, appliedOffset, isRoutine: true }
  const { offset } = pending.all.at(-1) as LogRecord
  return { kind: 'leftover', toOffset: offset, outbox }
}
