/** Progress of the erasure of an entity: which consumers have a state of it, and which have applied the erasure. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { ErasureReason } from '../../packages/runtime/pipeline/reasons.ts'
import { storedEntities } from '../tables/table.ts'
import { type TimerState, timerState } from './entities.ts'

/** Data of an entity in one partition of a consumer. */
export interface Holding extends StateKey {
  readonly state: unknown
  /** Size of the state as JSON, in bytes. */
  readonly bytes: number
  readonly timers: readonly TimerState[]
}

/** Position of an erasure in the log, with facts about the partition state before it was appended. */
export interface ErasurePlace extends StateKey {
  readonly offset: number
  /** True if the partition state contained a state of the entity. */
  readonly held: boolean
  /** Number of erasures that had found a state. */
  readonly erasedBefore: number
}

/**
 * Progress of an erasure in a partition.
 * - `applied`: the consumer has processed the erasure; `erased` is true if it had a state to erase.
 */
export type ErasureStanding =
  | { readonly kind: 'applied'; readonly erased: boolean }
  /** The consumer must still process this number of offsets, including that of the erasure. */
  | { readonly kind: 'pending'; readonly lag: number }

/** Counter of a partition state that is incremented by each erasure that finds a state. */
const ERASED = `applied/${'erased' satisfies ErasureReason}`

/**
 * Returns the data of an entity in partition states, without empty ones.
 *
 * @param entity whole name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not answer
 */
export async function holdingsOf(
  inspection: Pick<StateInspection, 'state' | 'timersOf' | 'summary'>,
  stateKeys: readonly StateKey[],
  entity: string,
): Promise<Holding[]> {
  const holdings: Holding[] = []
  // Sequentially: this query must not put load on a Redis that consumers use.
  for (const stateKey of stateKeys) {
    const state = await inspection.state(stateKey, entity)
    if (state === undefined) continue
    const { clock } = await inspection.summary(stateKey)
    const timers = await inspection.timersOf(stateKey, entity)
    holdings.push({
      ...stateKey,
      state,
      bytes: Buffer.byteLength(JSON.stringify(state)),
      timers: timers.map(timer => timerState(entity, timer, clock.nowMs)),
    })
  }
  return holdings
}

/**
 * Returns the names of entities with a state whose subject is this text, and of those whose name contains it, sorted.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function entitiesLike(
  inspection: Pick<StateInspection, 'states'>,
  stateKeys: readonly StateKey[],
  text: string,
): Promise<{ readonly bySubject: readonly string[]; readonly similar: readonly string[] }> {
  const names = new Set<string>()
  for (const stateKey of stateKeys)
    for await (const { entity } of storedEntities(inspection, stateKey, text)) names.add(entity)
  const similar = [...names].sort()
  return { bySubject: similar.filter(name => name.slice(name.indexOf(' ') + 1) === text), similar }
}

/**
 * Returns the number of erasures that have found a state in a partition.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function erasuresSoFar(
  inspection: Pick<StateInspection, 'summary'>,
  stateKey: StateKey,
): Promise<number> {
  return (await inspection.summary(stateKey)).tally[ERASED] ?? 0
}

/**
 * Returns the progress of an erasure in a partition. The entity counts as erased if the partition state contained it before, or if
 * an erasure has found a state since: records between the check and the erasure may have created one.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function erasureStanding(
  inspection: Pick<StateInspection, 'summary'>,
  { offset, held, erasedBefore, ...stateKey }: ErasurePlace,
): Promise<ErasureStanding> {
  const { appliedOffset, tally } = await inspection.summary(stateKey)
  if (appliedOffset < offset) return { kind: 'pending', lag: offset - appliedOffset }
  return { kind: 'applied', erased: held || (tally[ERASED] ?? 0) > erasedBefore }
}
