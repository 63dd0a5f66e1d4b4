/** Finds the states of an entity that is to be erased. */
import type { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import type { StateKey } from '#runtime/pipeline/model/index.ts'
import { textFilter } from '../../support/text-match.ts'
import { storedEntities } from '../../tables/table.ts'
import { type TimerState, toTimerState } from './entities.ts'

/** State and timers of an entity in one partition of a consumer. */
export interface Holding extends StateKey {
  readonly state: unknown
  /** Size of the state as JSON, in bytes. */
  readonly bytes: number
  readonly timers: readonly TimerState[]
}

/**
 * Returns the states and timers of an entity. Partition states that do not contain the entity are omitted.
 *
 * @param entity full name of the entity: source and subject, separated by a space
 * @throws Unavailable if Redis does not answer
 */
export async function readHoldings(
  inspection: Pick<StateInspection, 'state' | 'readEntityTimers' | 'summary'>,
  stateKeys: readonly StateKey[],
  entity: string,
): Promise<Holding[]> {
  const holdings: Holding[] = []
  // States are read one after another, because this query must not put load on a Redis that consumers use.
  for (const stateKey of stateKeys) {
    const state = await inspection.state(stateKey, entity)
    if (state === undefined) continue
    const { clock } = await inspection.summary(stateKey)
    const timers = await inspection.readEntityTimers(stateKey, entity)
    holdings.push({
      ...stateKey,
      state,
      bytes: Buffer.byteLength(JSON.stringify(state)),
      timers: timers.map(timer => toTimerState(entity, timer, clock.nowMs)),
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
export async function findSimilarEntities(
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
