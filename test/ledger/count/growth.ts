/** Effects of a growth of the readings on the references: a second implementation, from the description in docs/growth.md. */
import type { Intake } from './intake.ts'
import { placeOf } from './murmur2.ts'

export interface Growth {
  /** The topic's name in Kafka. */
  readonly topic: string
  /** How many partitions it had before and after. */
  readonly from: number
  readonly to: number
  /** End of each old partition's log at the growth. All records before it were decided then. */
  readonly ends: readonly number[]
  /** Consumers whose states stayed where they were. */
  readonly except: readonly string[]
}

/** A reference whose entities can move to other partitions. */
export interface Movable {
  readonly intake: Intake
  /** Starts a new generation of emissions, which follow all earlier ones. */
  generation: number
  /** Moves what belongs to entities, and lets the other one know what this one remembers. */
  moveTo(other: Movable, move: Move): void
}

export interface Move {
  readonly isThere: (entity: string) => boolean
  /** Difference to add to times on the clock of the partition. */
  readonly shiftMs: number
  readonly onMoved: () => void
}

/** Two tick intervals. */
const MAX_STEP_MS = 120_000

/** The offset from which on records of a partition came after the growth. */
export function grownAt(growth: Growth | undefined, partition: number): number {
  return growth ? (growth.ends[partition] ?? 0) : Number.POSITIVE_INFINITY
}

/**
 * The references of all partitions after the growth: those that were there go on, and the others begin.
 *
 * @param onMoved called with each part of an entity that moves: its state, its timers
 */
export function grown<Reference extends Movable>(
  old: readonly Reference[],
  { from, to }: Pick<Growth, 'from' | 'to'>,
  begin: () => Reference,
  onMoved: () => void = () => {},
): Reference[] {
  const clocks = old.map(({ intake }) => intake.clock)
  const latest = clocks.toSorted((a, b) => (b.lastAppendMs ?? -1) - (a.lastAppendMs ?? -1))[0]
  const nowMs = Math.max(...clocks.map(clock => clock.nowMs))
  const all = Array.from({ length: to }, (_, partition) => {
    const here = old[partition]
    if (here) return here
    const reference = begin()
    reference.intake.begin({ nowMs, lastAppendMs: latest?.lastAppendMs })
    return reference
  })
  const step = divisorOf(from, to)
  for (const [source, reference] of old.entries())
    for (const [target, other] of all.entries()) {
      if (target === source || target % step !== source % step) continue
      const [before, after] = [reference.intake.clock, other.intake.clock]
      const passedMs = (after.lastAppendMs ?? 0) - (before.lastAppendMs ?? 0)
      const counted = Math.max(-MAX_STEP_MS, Math.min(passedMs, MAX_STEP_MS))
      const isThere = (entity: string) => placeOf(keyOf(entity), to) === target
      reference.moveTo(other, { isThere, onMoved, shiftMs: after.nowMs - before.nowMs - counted })
    }
  for (const reference of all) reference.generation += 1
  return all
}

/** Moves what one map has of entities to another one. */
export function moved<Value>(
  from: Map<string, Value>,
  to: Map<string, Value>,
  { isThere, onMoved }: Move,
  as: (value: Value) => Value = value => value,
): void {
  for (const [entity, value] of from) {
    if (!isThere(entity)) continue
    from.delete(entity)
    to.set(entity, as(value))
    onMoved()
  }
}

/** The ledger's producer uses the subject of an event as the key of its record. */
function keyOf(entity: string): string {
  return entity.slice(entity.indexOf(' ') + 1)
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b)
}
