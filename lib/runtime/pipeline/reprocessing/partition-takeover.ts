/** Compares a rebuilt state with the live one, entity by entity, and prepares in the rebuilt one what the switch must tell. */
import type { AnyKeyedProcess, Consumer } from '../consumer.ts'
import { isHolderName } from '../deciding/hold.ts'
import type { OutboxEntry, StateKey } from '../model.ts'
import type { StateCopies } from './copies.ts'
import type { RebuiltState } from './rebuilt-state.ts'
import { type BothStates, firstIndexOf, type TakeoverAt, takeOver } from './takeover.ts'

/** Entities that are compared and stored together. */
const AT_ONCE = 200

interface Both extends BothStates {
  readonly entity: string
}

export class PartitionTakeover {
  readonly #consumer: Consumer<AnyKeyedProcess>
  readonly #partitionState: StateKey
  readonly #copies: StateCopies
  readonly #rebuilt: RebuiltState
  readonly #entries: OutboxEntry[] = []

  constructor(
    consumer: Consumer<AnyKeyedProcess>,
    partitionState: StateKey,
    copies: StateCopies,
    rebuilt: RebuiltState,
  ) {
    this.#consumer = consumer
    this.#partitionState = partitionState
    this.#copies = copies
    this.#rebuilt = rebuilt
  }

  /** Number of the events that the switch emits, by type. */
  get emitted(): ReadonlyMap<string, number> {
    const byType = new Map<string, number>()
    for (const { event } of this.#entries) byType.set(event.type, (byType.get(event.type) ?? 0) + 1)
    return byType
  }

  /** Compares all entities. Holds the states of the partition in memory once. */
  async compareAll(at: TakeoverAt): Promise<void> {
    if (!this.#consumer.process.onTakeover) return
    const live = new Map<string, string>()
    for await (const [entity, state] of this.#copies.states(this.#partitionState)) live.set(entity, state)
    const different = new Map<string, Both>()
    const rebuiltEntities = new Set<string>()
    for await (const [entity, rebuilt] of this.#copies.states(this.#partitionState, 'rebuilt')) {
      rebuiltEntities.add(entity)
      if (live.get(entity) !== rebuilt) different.set(entity, { entity, live: live.get(entity), rebuilt })
    }
    for (const [entity, state] of live)
      if (!rebuiltEntities.has(entity)) different.set(entity, { entity, live: state, rebuilt: undefined })
    const all = [...different.values()].filter(({ entity }) => !isHolderName(entity))
    for (let from = 0; from < all.length; from += AT_ONCE)
      await this.#take(all.slice(from, from + AT_ONCE), at)
  }

  async #take(all: readonly Both[], at: TakeoverAt): Promise<void> {
    const states = new Map<string, string>()
    const outbox: OutboxEntry[] = []
    for (const both of all) {
      const { entity } = both
      const taken = takeOver(
        this.#consumer,
        entity,
        both,
        at,
        firstIndexOf(at) + this.#entries.length + outbox.length,
      )
      if (taken.state !== undefined) states.set(entity, taken.state)
      outbox.push(...taken.entries)
    }
    if (states.size > 0 || outbox.length > 0) await this.#rebuilt.add({ states, outbox })
    for (const entry of outbox) this.#entries.push(entry)
  }
}
