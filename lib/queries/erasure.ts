/** The erasure of an entity: which consumers have a state of it, and which have already erased it. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { ErasureReason } from '../../packages/runtime/pipeline/reasons.ts'
import { storedEntities } from '../tables/table.ts'
import { type TimerState, timerState } from './entities.ts'

/** Data of an entity in one partition of a consumer. */
export interface Holding extends StateKey {
  readonly state: unknown
  /** The size of the state as JSON. */
  readonly bytes: number
  readonly timers: readonly TimerState[]
}

/** Position of an erasure in the log, and the partition state before it was appended. */
export interface ErasurePlace extends StateKey {
  readonly offset: number
  /** Whether it held a state of the entity. */
  readonly held: boolean
  /** How many erasures had found a state. */
  readonly erasedBefore: number
}

/** - `applied`: the consumer has come past the erasure; `erased` says whether it had anything to erase. */
export type ErasureStanding =
  | { readonly kind: 'applied'; readonly erased: boolean }
  /** The consumer has this many offsets to go, that of the erasure included. */
  | { readonly kind: 'pending'; readonly lag: number }

/** The counter of a partition state that an erasure raises if it finds a state. */
const ERASED = `applied/${'erased' satisfies ErasureReason}`

/**
 * Returns the data of an entity in partition states, without empty ones.
 *
 * @param entity its whole name: `source`, a space, `subject`
 * @throws Unavailable if Redis does not answer
 */
export async function holdingsOf(
  inspection: Pick<StateInspection, 'state' | 'timersOf' | 'summary'>,
  stateKeys: readonly StateKey[],
  entity: string,
): Promise<Holding[]> {
  const holdings: Holding[] = []
  // One at a time: the question must not put load on a Redis that consumers use.
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
 * The names of the entities with a state whose subject is this text, and of those whose name contains it, in order.
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
 * How many erasures have found a state in a partition.
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
 * Whether a consumer has applied an erasure. It counts as erased if the partition state held the entity before, or if an erasure
 * has found a state since: records between the look and the erasure may have made one.
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
