/** Reads the states and timers of a consumer's entities. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { Hold } from '../../packages/runtime/pipeline/deciding/hold.ts'
import type { StateKey, StoredTimer } from '../../packages/runtime/pipeline/model.ts'
import { entitiesIn, preferExact, type StoredEntity } from '../tables/table.ts'

export interface EntityState {
  readonly partition: number
  /** Source and subject, separated by a space. */
  readonly entity: string
  /** Version of the state's structure; absent for version 1. */
  readonly version?: number
  /** State of the entity; absent if the entity is held before its first state. */
  readonly state?: unknown
  /** Timers that can fire. A held entity has none. */
  readonly timers: readonly TimerState[]
  readonly held?: HeldState
}

/** Hold of an entity: why it waits, and what waits with it. */
export interface HeldState {
  /** Id of the failure that is retried; null if the retry has ended and the parked events are applied next. */
  readonly failure: string | null
  /** Offsets of the parked events. */
  readonly parked: readonly number[]
  /** Time by which the log's clock must advance until the hold ends, in milliseconds. */
  readonly endsAfterMs: number
  /** Timers that do not fire while the entity is held. */
  readonly timers: readonly TimerState[]
}

export interface TimerState {
  readonly entity: string
  readonly name: string
  /** Due time in event time, RFC 3339. */
  readonly due: string
  /** Time by which the log's clock must advance until it fires, in milliseconds. */
  readonly firesAfterMs: number
}

/**
 * Returns the states and timers of entities, sorted by partition and name.
 *
 * @param wanted whole subject, or a part of source and subject
 * @throws Unavailable if Redis does not answer
 */
export async function entityStates(
  inspection: Pick<StateInspection, 'states' | 'summary' | 'timersOf'>,
  partitions: readonly StateKey[],
  wanted: string,
): Promise<EntityState[]> {
  const found: EntityState[] = []
  for (const one of partitions) {
    const { clock } = await inspection.summary(one)
    for await (const stored of entitiesIn(inspection, one, wanted))
      found.push(await entityState(inspection, one, stored, clock.nowMs))
  }
  return preferExact(found.sort(byPlace), wanted)
}

/**
 * Returns an entity with its timers.
 *
 * @param nowMs current time of the partition's log clock
 */
export async function entityState(
  inspection: Pick<StateInspection, 'timersOf'>,
  partitionState: StateKey,
  { partition, entity, version, state, hold }: StoredEntity,
  nowMs: number,
): Promise<EntityState> {
  // The only timer of a held entity is that of its hold, which is not shown.
  const timers = hold ? [] : await inspection.timersOf(partitionState, entity)
  return {
    partition,
    entity,
    ...(version > 1 && { version }),
    ...(state !== undefined && { state }),
    timers: timers.map(timer => timerState(entity, timer, nowMs)),
    ...(hold && { held: heldState(entity, hold, nowMs) }),
  }
}

/** Compares two entities by partition and name. */
export function byPlace(a: EntityState, b: EntityState): number {
  return a.partition - b.partition || (a.entity < b.entity ? -1 : 1)
}

function heldState(entity: string, { waitsFor, parked, untilMs, timers }: Hold, nowMs: number): HeldState {
  return {
    failure: waitsFor?.failure ?? null,
    parked: parked.map(({ offset }) => offset),
    endsAfterMs: waitsFor ? Math.max(0, untilMs - nowMs) : 0,
    timers: timers.map(timer => timerState(entity, timer, nowMs)),
  }
}

/** @param nowMs current time of the partition's log clock */
export function timerState(
  entity: string,
  { name, dueMs, thresholdMs }: StoredTimer,
  nowMs: number,
): TimerState {
  return { entity, name, due: new Date(dueMs).toISOString(), firesAfterMs: Math.max(0, thresholdMs - nowMs) }
}
