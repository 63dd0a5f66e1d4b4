/** Computes the contents of partition states after their topic has grown. Pure. */
import type { Partitioning, RememberedFailure, RememberedId, StoredTimer } from '../model.ts'
import { type CheckpointMeta, type CheckpointPart, EMPTY_META } from '../recovery/checkpoints.ts'
import { bytesOfIds, idsInBytes } from '../recovery/id-bytes.ts'
import { continuedClock, shiftMs } from './clocks.ts'
import { type Counts, type Routes, targetsOf } from './routes.ts'

/** A partition before its topic grows. */
export interface OldPartition {
  readonly partition: number
  /** Metadata of the partition state; `EMPTY_META` if there was no state. */
  readonly meta: CheckpointMeta
  readonly hasContext: boolean
}

/** Facts that determine the new partition of each part of a consumer's partition states. */
export interface Growing extends Counts {
  readonly partitioning: Partitioning
  /** Partitions before the growth, in order. Their number is `from`. */
  readonly old: readonly OldPartition[]
  readonly routes: Routes
  /** Returns the new partition of a failure; undefined if it is unknown. */
  readonly failureRoute: (partition: number, failure: RememberedFailure) => number | undefined
}

/**
 * Returns the metadata of a partition after the growth. Existing partitions continue; a new partition starts at the beginning of
 * its log. The growths are added later, because the end of each log is known only when the operation ends.
 */
export function grownMeta(target: number, { old, partitioning }: Growing): CheckpointMeta {
  const before = old[target]?.meta
  if (before && before.version.appliedOffset >= 0) {
    const { growths: _, ...kept } = before
    // Failures move to other partitions, so failures of earlier records may be missing here.
    const failuresFromMs = (before.clock.highestAppendMs ?? 0) + 1
    return { ...kept, partitioning, failuresFromMs }
  }
  const clock = continuedClock(old.map(({ meta }) => meta.clock))
  const epoch = before?.version.epoch ?? 0
  return { ...EMPTY_META, version: { ...EMPTY_META.version, epoch }, clock, partitioning }
}

/** Returns the old partitions from which this partition can receive data in the growth. */
export function sourcesOf(target: number, growing: Growing): readonly OldPartition[] {
  return growing.old.filter(
    ({ partition }) => partition === target || targetsOf(partition, growing).includes(target),
  )
}

/**
 * Returns the parts of an old partition state that belong to the target partition after the growth, with times converted to the
 * target's clock. States and timers move with the key of their entity. The entity of a remembered id is unknown, so each id is
 * copied to every partition that may receive an entity of the old partition; additional ids are harmless. A failure with an unknown
 * key is copied in the same way, because it is redriven to only one partition. The outbox, and everything that cannot be assigned
 * to another partition, stays.
 */
export function partsFor(
  target: number,
  source: OldPartition,
  parts: readonly CheckpointPart[],
  growing: Growing,
): CheckpointPart[] {
  const { partition } = source
  const clock = grownMeta(target, growing).clock
  const shift = target === partition ? 0 : shiftMs(source.meta.clock, clock)
  const isTarget = targetsOf(partition, growing).includes(target)
  return parts.flatMap((part): CheckpointPart[] => {
    switch (part.kind) {
      case 'meta':
      case 'gone':
        return []
      case 'outbox':
        return target === partition ? [part] : []
      case 'context':
        return target === partition || isFirstWithContext(target, source, growing) ? [part] : []
      case 'id':
        return isTarget ? [{ kind: 'id', id: shiftedId(part.id, shift, clock.nowMs) }] : []
      case 'ids': {
        if (!isTarget) return []
        const ids = idsInBytes(part.bytes).map(id => shiftedId(id, shift, clock.nowMs))
        return [{ kind: 'ids', bytes: bytesOfIds(ids) }]
      }
      case 'failure': {
        const route = growing.failureRoute(partition, part.failure)
        const isHere = route === undefined ? isTarget : route === target
        return isHere ? [{ kind: 'failure', failure: shiftedFailure(part.failure, shift, clock.nowMs) }] : []
      }
      case 'timers': {
        if (growing.routes(partition, part.entity) !== target) return []
        return [{ ...part, timers: part.timers.map(timer => shiftedTimer(timer, shift)) }]
      }
      default:
        return growing.routes(partition, part.entity) === target ? [part] : []
    }
  })
}

/**
 * Returns true for the partition whose context is used for new partitions. Every partition has received the same context events,
 * and the partition whose log is furthest ahead has received all of them.
 */
function isFirstWithContext(target: number, { partition }: OldPartition, growing: Growing): boolean {
  if (target < growing.from) return false
  const [first] = sourcesOf(target, growing)
    .filter(({ hasContext }) => hasContext)
    .toSorted((a, b) => (b.meta.clock.lastAppendMs ?? -1) - (a.meta.clock.lastAppendMs ?? -1))
  return first?.partition === partition
}

/** Shifts the threshold of a timer. If the new threshold is in the past, the timer fires with the first record. */
function shiftedTimer(timer: StoredTimer, shift: number): StoredTimer {
  return shift === 0 ? timer : { ...timer, thresholdMs: timer.thresholdMs + shift }
}

/**
 * Shifts the time of an id, and limits it to the range from 0 to the current time of the clock. The limits can change the time even
 * if the shift is 0.
 */
function shiftedId(id: RememberedId, shift: number, nowMs: number): RememberedId {
  return { ...id, appliedAtMs: within(id.appliedAtMs + shift, nowMs) }
}

function shiftedFailure(failure: RememberedFailure, shift: number, nowMs: number): RememberedFailure {
  return { ...failure, failedAtMs: within(failure.failedAtMs + shift, nowMs) }
}

function within(timeMs: number, nowMs: number): number {
  return Math.max(0, Math.min(timeMs, nowMs))
}

/**
 * Returns one copy of each failure, the one with the highest attempt. Other copies may be outdated, because a failure is redriven
 * to only one partition.
 */
export function latestOf(failures: readonly RememberedFailure[]): RememberedFailure[] {
  const latest = new Map<string, RememberedFailure>()
  for (const failure of failures) {
    const before = latest.get(failure.id)
    if (!before || isLater(failure, before)) latest.set(failure.id, failure)
  }
  return [...latest.values()]
}

function isLater(a: RememberedFailure, b: RememberedFailure): boolean {
  return a.attempt > b.attempt || (a.attempt === b.attempt && b.isOpen && !a.isOpen)
}
