/** Reads the progress of an entity's erasure: which consumers store a state of the entity, and which have applied the erasure. */
import type { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import type { ErasureReason } from '../../packages/runtime/pipeline/reasons.ts'
import { storedEntities } from '../tables/table.ts'
import { textFilter } from '../text-match.ts'
import { type TimerState, timerState } from './entities.ts'

/** State and timers of an entity in one partition of a consumer. */
export interface Holding extends StateKey {
  readonly state: unknown
  /** Size of the state as JSON, in bytes. */
  readonly bytes: number
  readonly timers: readonly TimerState[]
}

/** Position of an erasure in the log, with facts about the partition state that were read before the erasure was published. */
export interface ErasurePlace extends StateKey {
  readonly offset: number
  /** True if the partition state contained a state of the entity. */
  readonly held: boolean
  /** Number of earlier erasures that had found a state in the partition. */
  readonly erasedBefore: number
}

/**
 * Progress of an erasure in a partition.
 * - `applied`: the consumer has processed the erasure. `erased` is true if a state was erased.
 */
export type ErasureStatus =
  | { readonly kind: 'applied'; readonly erased: boolean }
  /** Number of offsets that the consumer must still process, including the offset of the erasure. */
  | { readonly kind: 'pending'; readonly lag: number }

/** Counter in a partition state. Each erasure that finds a state increments it. */
const ERASED = `applied/${'erased' satisfies ErasureReason}`

/**
 * Returns the states and timers of an entity. Partition states that do not contain the entity are omitted.
 *
 * @param entity full name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not answer
 */
export async function holdingsOf(
  inspection: Pick<StateInspection, 'state' | 'timersOf' | 'summary'>,
  stateKeys: readonly StateKey[],
  entity: string,
): Promise<Holding[]> {
  const holdings: Holding[] = []
  // States are read one after another, because this query must not put load on a Redis that consumers use.
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
 * Returns the sorted names of entities with a state. `bySubject` lists names with exactly this subject, `similar` all names that
 * contain the text.
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
    for await (const { entity } of storedEntities(inspection, stateKey, textFilter(text))) names.add(entity)
  const similar = [...names].sort()
  return { bySubject: similar.filter(name => name.slice(name.indexOf(' ') + 1) === text), similar }
}

/**
 * Returns how many erasures have found a state in a partition.
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
 * Returns the progress of an erasure in a partition. The entity counts as erased if its state was found before the erasure was
 * published, or if an erasure has found a state since. The second case includes states that were created in between.
 *
 * @throws Unavailable if Redis does not answer
 */
export async function erasureStatus(
  inspection: Pick<StateInspection, 'summary'>,
  { offset, held, erasedBefore, ...stateKey }: ErasurePlace,
): Promise<ErasureStatus> {
  const { appliedOffset, tally } = await inspection.summary(stateKey)
  if (appliedOffset < offset) return { kind: 'pending', lag: offset - appliedOffset }
  return { kind: 'applied', erased: held || (tally[ERASED] ?? 0) > erasedBefore }
}
