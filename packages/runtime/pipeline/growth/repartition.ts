/** Computes the contents of partition states after their topic has grown. Pure. */
import type { Partitioning, RememberedFailure, RememberedId, StoredTimer } from '../model.ts'
import { type CheckpointMeta, type CheckpointPart, EMPTY_META } from '../recovery/checkpoints.ts'
import { bytesOfIds, idsInBytes } from '../recovery/id-bytes.ts'
import { continuedClock, shiftMs } from './clocks.ts'
import { type Counts, type Routes, targetsOf } from './routes.ts'

/** A partition before its topic grows. */
export interface OldPartition {
  readonly partition: number
  /** `EMPTY_META` if there was no state. */
  readonly meta: CheckpointMeta
  readonly hasContext: boolean
}

/** Facts that determine the new partition of each part of a consumer's partition states. */
export interface Growing extends Counts {
  readonly partitioning: Partitioning
  /** Old partitions in order; there are `from` of them. */
  readonly old: readonly OldPartition[]
  readonly routes: Routes
  /** Returns the new partition of a failure; undefined if it is unknown. */
  readonly failureRoute: (partition: number, failure: RememberedFailure) => number | undefined
}

/**
 * Returns the metadata of a partition after the growth. Existing partitions continue; new ones start at the beginning of their log.
 * The growths are added later, because the end of each log is known only at the end of the operation.
 */
export function grownMeta(target: number, { old, partitioning }: Growing): CheckpointMeta {
  const before = old[target]?.meta
  if (before && before.version.appliedOffset >= 0) {
    const { growths: _, ...kept } = before
    // Failures move to other partitions, so earlier ones cannot be assumed to be known here.
    const failuresFromMs = (before.clock.highestAppendMs ?? 0) + 1
    return { ...kept, partitioning, failuresFromMs }
  }
  const clock = continuedClock(old.map(({ meta }) => meta.clock))
  const epoch = before?.version.epoch ?? 0
  return { ...EMPTY_META, version: { ...EMPTY_META.version, epoch }, clock, partitioning }
}

/** Returns the old partitions from which a partition receives anything in the growth. */
export function sourcesOf(target: number, growing: Growing): readonly OldPartition[] {
  return growing.old.filter(
    ({ partition }) => partition === target || targetsOf(partition, growing).includes(target),
  )
}

/**
 * Returns the parts of an old partition state that a partition has after the growth, with times converted to the clock of that
 * partition. States and timers follow the key of their entity. Remembered ids do not contain their entity, so each is copied to
 * every partition that may receive an entity of its partition; additional ids are harmless. The same holds for a failure with an
 * unknown key: it is redriven to one partition only. The outbox, and everything that may not move, stays.
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
 * Returns true for the partition whose context is used. Every partition has received the same events that set
 * the context, and the partition whose log is furthest ahead has received all of them.
 */
function isFirstWithContext(target: number, { partition }: OldPartition, growing: Growing): boolean {
  if (target < growing.from) return false
  const [first] = sourcesOf(target, growing)
    .filter(({ hasContext }) => hasContext)
    .toSorted((a, b) => (b.meta.clock.lastAppendMs ?? -1) - (a.meta.clock.lastAppendMs ?? -1))
  return first?.partition === partition
}

/** Moves the threshold of a timer. It may then be in the past; the timer fires with the first record in that case. */
function shiftedTimer(timer: StoredTimer, shift: number): StoredTimer {
  return shift === 0 ? timer : { ...timer, thresholdMs: timer.thresholdMs + shift }
}

/**
 * Moves the time of an id, and keeps it between the beginning and the present time of the clock. This can
 * change an id even if the shift is 0, if log and clock are behind by the same time.
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
 * Returns one copy of each failure, the one with the last attempt: a partition may contain a copy that was never redriven there.
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
