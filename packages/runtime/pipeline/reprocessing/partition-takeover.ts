/** Compares a rebuilt state with the live one, entity by entity, and adds the events that the switch emits to the rebuilt state. */
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { isHolderName } from '../model/hold.ts'
import type { OutboxEntry } from '../model/partition-state.ts'
import type { StateContents } from '../replacing/replaceable-states.ts'
import { inChunks } from '../replay.ts'
import { type BothStates, type TakeoverAt, takeOver } from './entity-takeover.ts'
import type { RebuiltState } from './rebuilt-state.ts'

/** Entities that are loaded at once. */
const AT_ONCE = 500

/**
 * Compares all entities. Neither state may change during the comparison.
 *
 * @returns number of events that the switch emits, by type
 */
export async function takeOverAll(
  consumer: Consumer<AnyKeyedProcess>,
  live: Pick<StateContents, 'states'>,
  rebuilt: RebuiltState,
  at: TakeoverAt,
): Promise<Map<string, number>> {
  const emitted = new Map<string, number>()
  if (!consumer.process.onTakeover) return emitted
  const states = new Map<string, string>()
  const outbox: OutboxEntry[] = []
  for (const [entity, both] of await findDifferentStates(live, rebuilt, at)) {
    const { state, entries } = takeOver(consumer, entity, both, at, outbox.length)
    if (state !== undefined) states.set(entity, state)
    outbox.push(...entries)
    for (const { event } of entries) emitted.set(event.type, (emitted.get(event.type) ?? 0) + 1)
  }
  if (states.size > 0 || outbox.length > 0) await rebuilt.add({ states, outbox })
  return emitted
}

/** Returns both states of each entity that differs. Both are read page by page, because they may be large. */
async function findDifferentStates(
  live: Pick<StateContents, 'states'>,
  rebuilt: RebuiltState,
  { partitionState }: TakeoverAt,
): Promise<ReadonlyMap<string, BothStates>> {
  const different = new Map<string, BothStates>()
  const seen = new Set<string>()
  for await (const some of inChunks(live.states(partitionState), AT_ONCE)) {
    const own = await rebuilt.loadStates(some.map(([entity]) => entity))
    for (const [entity, state] of some) {
      seen.add(entity)
      if (own.get(entity) !== state) different.set(entity, { live: state, rebuilt: own.get(entity) })
    }
  }
  for await (const [entity, state] of rebuilt.contents.states(partitionState))
    if (!seen.has(entity)) different.set(entity, { live: undefined, rebuilt: state })
  for (const entity of different.keys()) if (isHolderName(entity)) different.delete(entity)
  return different
}
