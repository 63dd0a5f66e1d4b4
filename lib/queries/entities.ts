/** The entities that a consumer remembers: their states and timers. */
import type { StateInspection } from '../runtime/adapters/redis/inspection.ts'
import type { StateKey, StoredTimer } from '../runtime/pipeline/model.ts'

/** An entity as it is stored. */
export interface StoredEntity {
  readonly partition: number
  /** `source`, a space, `subject`. */
  readonly entity: string
  /** Version of the shape of the state. */
  readonly version: number
  readonly state: unknown
}

export interface EntityState {
  readonly partition: number
  /** `source`, a space, `subject`. */
  readonly entity: string
  /** Of the shape of the state, where the code that stored it had another one than 1. */
  readonly version?: number
  readonly state: unknown
  readonly timers: readonly TimerState[]
}

export interface TimerState {
  readonly entity: string
  readonly name: string
  /** Event time, RFC 3339. */
  readonly due: string
  /** By how many milliseconds the log's clock must move on until it fires. */
  readonly firesAfterMs: number
}

/**
 * The states and timers of entities, by partition and name.
 *
 * @param wanted a whole subject, or a part of source and subject
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
    for await (const { partition, entity, version, state } of storedEntities(inspection, one, wanted)) {
      const timers = await inspection.timersOf(one, entity)
      found.push({
        partition,
        entity,
        ...(version > 1 && { version }),
        state,
        timers: timers.map(timer => timerState(entity, timer, clock.nowMs)),
      })
    }
  }
  const ordered = found.sort((a, b) => a.partition - b.partition || (a.entity < b.entity ? -1 : 1))
  return preferExact(ordered, wanted)
}

/**
 * The entities of one partition whose source and subject contain a text, each once, in no order.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function* storedEntities(
  inspection: Pick<StateInspection, 'states'>,
  partitionState: StateKey,
  text: string,
): AsyncGenerator<StoredEntity> {
  const { partition } = partitionState
  // A page may repeat fields of an earlier one: Redis returns each field at least once.
  const seen = new Set<string>()
  for await (const [entity, state, version] of inspection.states(partitionState)) {
    if (!entity.includes(text) || seen.has(entity)) continue
    seen.add(entity)
    yield { partition, entity, version, state }
  }
}

/** A whole subject matches only that subject: `pump-1` must not show `pump-10` as well. Pure. */
export function preferExact<Named extends { readonly entity: string }>(
  found: readonly Named[],
  wanted: string | undefined,
): Named[] {
  const exact = found.filter(({ entity }) => entity.slice(entity.indexOf(' ') + 1) === wanted)
  return exact.length > 0 ? exact : [...found]
}

/** @param nowMs the partition's log clock */
export function timerState(
  entity: string,
  { name, dueMs, thresholdMs }: StoredTimer,
  nowMs: number,
): TimerState {
  return { entity, name, due: new Date(dueMs).toISOString(), firesAfterMs: Math.max(0, thresholdMs - nowMs) }
}
