import type { OffsetRange, StateKey } from '../model.ts'
import type { Ports } from '../ports.ts'
import type { PendingRecords } from './pending-records.ts'

interface Missing {
  readonly range: OffsetRange
  readonly appliedOffset: number
  /** Whether it is read although nothing went wrong, and so not reported. */
  readonly isRoutine?: boolean
}

/** Reads records that were not delivered from the log, with one fetch, and adds them to the pending ones. */
export async function readBack(
  { log, observer }: Pick<Ports, 'log' | 'observer'>,
  stateKey: StateKey,
  pending: PendingRecords,
  { range, appliedOffset, isRoutine = false }: Missing,
): Promise<undefined> {
  const looked = await log.read(stateKey.topic, stateKey.partition, range)
  if (appliedOffset >= 0 && looked.logStart > range.fromOffset)
    observer.expired(stateKey, { ...range, toOffset: Math.min(looked.logStart - 1, range.toOffset) })
  const added = pending.insert(range.fromOffset, looked)
  const [first, last] = [added.at(0), added.at(-1)]
  // Usually the range has only transaction markers.
  if (!first || !last || isRoutine) return
  if (appliedOffset < 0) observer.startsWithoutAppliedOffset(stateKey, first.offset)
  else observer.rangeReadBack(stateKey, { fromOffset: first.offset, toOffset: last.offset })
}
