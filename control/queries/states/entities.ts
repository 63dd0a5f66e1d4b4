/** Reads the states and timers of the entities of a consumer. */
import type { StateInspection } from '#runtime/operating/states'
import type { Hold, StateKey, StoredTimer } from '#runtime/pipeline'
import { textFilter } from '../../../lib/support/text-match.ts'
import { preferExact, readEntities, type StoredEntity } from '../../tables/table.ts'

export interface EntityState {
  readonly partition: number
  /** Source and subject of the entity's events, separated by a space. */
  readonly entity: string
  /** Schema version of the state; absent for version 1. */
  readonly version?: number
  /** State of the entity; absent if the entity was held before its first state was stored. */
  readonly state?: unknown
  /** Timers that can fire. A held entity has no such timers. */
  readonly timers: readonly TimerState[]
  readonly held?: HeldState
}

/** Hold of an entity, which waits for the retry of a failed event. */
export interface HeldState {
  /** Id of the failure that is being retried. Null if the retry has ended and the parked events are applied next. */
  readonly failure: string | null
  /** Offsets of the parked events, which are processed after the hold. */
  readonly parked: readonly number[]
  /** Log time until the hold ends, in milliseconds. */
  readonly endsAfterMs: number
  /** Timers that are suspended while the entity is held. */
  readonly timers: readonly TimerState[]
}

export interface TimerState {
  readonly entity: string
  readonly name: string
  /** Time at which the timer is due, RFC 3339, in event time. */
  readonly due: string
  /** Log time until the timer fires, in milliseconds. */
  readonly firesAfterMs: number
}

/**
 * Returns the states and timers of matching entities, sorted by partition and name.
 *
 * @param wanted full subject, or words of source and subject
 * @throws Unavailable if Redis does not answer
 */
export async function listEntityStates(
  inspection: Pick<StateInspection, 'states' | 'summary' | 'readEntityTimers'>,
  partitions: readonly StateKey[],
  wanted: string,
): Promise<EntityState[]> {
  const found: EntityState[] = []
  for (const partition of partitions) {
    const { clock } = await inspection.summary(partition)
    for await (const stored of readEntities(inspection, partition, textFilter(wanted)))
      found.push(await readEntityState(inspection, partition, stored, clock.nowMs))
  }
  return preferExact(found.sort(comparePlaces), wanted)
}

/**
 * Returns the state and timers of an entity.
 *
 * @param nowMs current time of the partition's log clock
 */
async function readEntityState(
  inspection: Pick<StateInspection, 'readEntityTimers'>,
  partitionState: StateKey,
  { partition, entity, version, state, hold }: StoredEntity,
  nowMs: number,
): Promise<EntityState> {
  // The only timer of a held entity ends the hold. It is not shown.
  const timers = hold ? [] : await inspection.readEntityTimers(partitionState, entity)
  return {
    partition,
    entity,
    ...(version > 1 && { version }),
    ...(state !== undefined && { state }),
    timers: timers.map(timer => toTimerState(entity, timer, nowMs)),
    ...(hold && { held: toHeldState(entity, hold, nowMs) }),
  }
}

/** Compares two entities, first by partition and then by name. */
function comparePlaces(a: EntityState, b: EntityState): number {
  return a.partition - b.partition || (a.entity < b.entity ? -1 : 1)
}

function toHeldState(entity: string, { waitsFor, parked, untilMs, timers }: Hold, nowMs: number): HeldState {
  return {
    failure: waitsFor?.failure ?? null,
    parked: parked.map(({ offset }) => offset),
    endsAfterMs: waitsFor ? Math.max(0, untilMs - nowMs) : 0,
    timers: timers.map(timer => toTimerState(entity, timer, nowMs)),
  }
}

/**
 * Converts a timer for display.
 *
 * @param nowMs current time of the partition's log clock
 */
export function toTimerState(
  entity: string,
  { name, dueMs, thresholdMs }: StoredTimer,
  nowMs: number,
): TimerState {
  return { entity, name, due: new Date(dueMs).toISOString(), firesAfterMs: Math.max(0, thresholdMs - nowMs) }
}
