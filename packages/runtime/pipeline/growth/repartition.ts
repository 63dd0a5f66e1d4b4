/** The contents of partition states after their topic has grown. Pure. */
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

/** Facts that decide where the parts of one consumer's partition states go. */
export interface Growing extends Counts {
  readonly partitioning: Partitioning
  /** Old partitions in order, `from` of them. */
  readonly old: readonly OldPartition[]
  readonly routes: Routes
  /** Where a failure belongs; undefined if that is not known. */
  readonly failureRoute: (partition: number, failure: RememberedFailure) => number | undefined
}

/**
 * The metadata of a partition after the growth. Those that were there continue; new ones begin where their log begins. Without the
 * growths: where the log ends is not known before the end.
 */
export function grownMeta(target: number, { old, partitioning }: Growing): CheckpointMeta {
  const before = old[target]?.meta
  if (before && before.version.appliedOffset >= 0) {
    const { growths: _, ...kept } = before
    // Failures leave their partition.
    const failuresFromMs = (before.clock.highestAppendMs ?? 0) + 1
    return { ...kept, partitioning, failuresFromMs }
  }
  const clock = continuedClock(old.map(({ meta }) => meta.clock))
  const epoch = before?.version.epoch ?? 0
  return { ...EMPTY_META, version: { ...EMPTY_META.version, epoch }, clock, partitioning }
}

/** The old partitions of which a partition takes anything after the growth. */
export function sourcesOf(target: number, growing: Growing): readonly OldPartition[] {
  return growing.old.filter(
    ({ partition }) => partition === target || targetsOf(partition, growing).includes(target),
  )
}

/**
 * Returns the parts of an old partition state that a partition has after the growth. Times are on its own clock. States and
 * timers follow the key of their entity. Remembered ids do not contain their entity, so each goes wherever an entity of its
 * partition can: additional ids are harmless. The same holds for a failure with an unknown key: it is redriven to one partition
 * only. The outbox stays, and so does everything that no other partition may take.
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

/** Every partition has had the same events that set the context; the one whose log has come furthest has had all of them. */
function isFirstWithContext(target: number, { partition }: OldPartition, growing: Growing): boolean {
  if (target < growing.from) return false
  const [first] = sourcesOf(target, growing)
    .filter(({ hasContext }) => hasContext)
    .toSorted((a, b) => (b.meta.clock.lastAppendMs ?? -1) - (a.meta.clock.lastAppendMs ?? -1))
  return first?.partition === partition
}

/** The threshold may be in the past: then the timer fires with the first record. */
function shiftedTimer(timer: StoredTimer, shift: number): StoredTimer {
  return shift === 0 ? timer : { ...timer, thresholdMs: timer.thresholdMs + shift }
}

/**
 * No id was applied after the present time of the clock, or before its beginning. That can need a change where the shift is 0:
 * a log that is behind by what its clock is behind.
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

/** Chooses, of copies of a failure, the one with the last attempt: a partition may hold one that was never redriven there. */
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
