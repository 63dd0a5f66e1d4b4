/** Compares a rebuilt state with the live one, entity by entity, and adds the events that the switch emits to the rebuilt state. */
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { isHolderName } from '../deciding/hold.ts'
import type { Generations } from '../generations/generations.ts'
import type { OutboxEntry } from '../model.ts'
import type { RebuiltState } from './rebuilt-state.ts'
import { type BothStates, type TakeoverAt, takeOver } from './takeover.ts'

/** Number of entities that are stored in one commit. */
const AT_ONCE = 200

/**
 * Compares all entities. Neither state may change during the comparison. All states of the partition are kept in memory.
 *
 * @returns number of events that the switch emits, by type
 */
export async function takeOverAll(
  consumer: Consumer<AnyKeyedProcess>,
  copies: Generations,
  rebuilt: RebuiltState,
  at: TakeoverAt,
): Promise<Map<string, number>> {
  const emitted = new Map<string, number>()
  if (!consumer.process.onTakeover) return emitted
  const different = await differentStates(copies, at)
  let index = 0
  for (let from = 0; from < different.length; from += AT_ONCE) {
    const states = new Map<string, string>()
    const outbox: OutboxEntry[] = []
    for (const [entity, both] of different.slice(from, from + AT_ONCE)) {
      const { state, entries } = takeOver(consumer, entity, both, at, index)
      index += entries.length
      if (state !== undefined) states.set(entity, state)
      for (const entry of entries) {
        outbox.push(entry)
        emitted.set(entry.event.type, (emitted.get(entry.event.type) ?? 0) + 1)
      }
    }
    if (states.size > 0 || outbox.length > 0) await rebuilt.add({ states, outbox })
  }
  return emitted
}

async function differentStates(
  copies: Generations,
  { partitionState }: TakeoverAt,
): Promise<[entity: string, both: BothStates][]> {
  const all = new Map<string, BothStates>()
  for await (const [entity, live] of copies.states(partitionState))
    all.set(entity, { live, rebuilt: undefined })
  for await (const [entity, rebuilt] of copies.states(partitionState, 'next')) {
    const live = all.get(entity)?.live
    // Equal states share one copy in memory.
    all.set(entity, { live, rebuilt: live === rebuilt ? live : rebuilt })
  }
  return [...all].filter(([entity, { live, rebuilt }]) => live !== rebuilt && !isHolderName(entity))
}
