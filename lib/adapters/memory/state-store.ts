import type {
  Change,
  LogClock,
  OutboxEntry,
  RememberedId,
  Slot,
  Snapshot,
  StateStore,
  Version,
  Wanted,
} from '../../pipeline/ports.ts'

interface MemorySlot {
  version: Version
  clock: LogClock
  readonly states: Map<string, string>
  readonly ids: Map<string, RememberedId>
  readonly outbox: Map<string, OutboxEntry>
  readonly tally: Map<string, number>
}

/** Slots in memory: for tests, and held to the behaviour of the Redis store by the same suite. */
export class MemoryStateStore implements StateStore {
  readonly #slots = new Map<string, MemorySlot>()

  async load(slot: Slot, { entities, ids }: Wanted): Promise<Snapshot> {
    const { version, clock, states, ids: known, outbox } = this.#slot(slot)
    return {
      version,
      clock,
      states: picked(states, entities),
      known: picked(known, ids),
      outbox: [...outbox.values()].sort((a, b) => (a.position < b.position ? -1 : 1)).map(copy),
    }
  }

  async commit(slot: Slot, change: Change): Promise<'committed' | 'refused'> {
    const held = this.#slot(slot)
    const { epoch, mark } = held.version
    if (epoch !== change.base.epoch || mark !== change.base.mark) return 'refused'
    for (const [entity, state] of change.states)
      if (state === null) held.states.delete(entity)
      else held.states.set(entity, state)
    for (const entry of change.outbox) held.outbox.set(entry.position, copy(entry))
    for (const [name, count] of change.tally) held.tally.set(name, (held.tally.get(name) ?? 0) + count)
    for (const remembered of change.ids) held.ids.set(remembered.id, remembered)
    for (const [id, { appliedAtMs }] of held.ids)
      if (change.clock.nowMs - appliedAtMs > change.idWindowMs) held.ids.delete(id)
    held.version = { epoch, mark: change.mark }
    held.clock = change.clock
    return 'committed'
  }

  async settle(slot: Slot, positions: readonly string[]): Promise<void> {
    for (const position of positions) this.#slot(slot).outbox.delete(position)
  }

  /** How many records ended how, by `outcome/reason`. */
  tally(slot: Slot): ReadonlyMap<string, number> {
    return this.#slot(slot).tally
  }

  #slot({ consumer, topic, partition }: Slot): MemorySlot {
    const name = JSON.stringify([consumer, topic, partition])
    const held = this.#slots.get(name) ?? {
      version: { epoch: 0, mark: -1 },
      clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
      states: new Map(),
      ids: new Map(),
      outbox: new Map(),
      tally: new Map(),
    }
    this.#slots.set(name, held)
    return held
  }
}

function picked<T>(from: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  return new Map(names.flatMap(name => (from.has(name) ? [[name, from.get(name) as T]] : [])))
}

/** What comes out of a real store is never the object that went in. */
function copy(entry: OutboxEntry): OutboxEntry {
  return JSON.parse(JSON.stringify(entry))
}
