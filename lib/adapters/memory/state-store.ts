import { endOf } from '../../pipeline/clock.ts'
import type {
  Change,
  LogClock,
  OutboxEntry,
  RememberedFailure,
  RememberedId,
  Slot,
  Snapshot,
  StateStore,
  StoredTimer,
  Version,
  Wanted,
} from '../../pipeline/ports.ts'
import { byPlace } from '../../pipeline/timers.ts'

interface MemorySlot {
  version: Version
  clock: LogClock
  emitted: number
  readonly states: Map<string, string>
  readonly timers: Map<string, readonly StoredTimer[]>
  readonly ids: Map<string, RememberedId>
  readonly failures: Map<string, RememberedFailure>
  readonly outbox: Map<string, OutboxEntry>
  readonly tally: Map<string, number>
}

/** Slots in memory: for tests, and held to the behaviour of the Redis store by the same suite. */
export class MemoryStateStore implements StateStore {
  readonly #slots = new Map<string, MemorySlot>()

  async load(slot: Slot, wanted: Wanted): Promise<Snapshot> {
    const { version, clock, emitted, states, timers, ids, failures, outbox } = this.#slot(slot)
    const due = dueIn(timers, endOf(wanted.span, clock))
    const brought = due.slice(0, wanted.timerLimit)
    const entities = [...wanted.entities, ...brought.map(({ entity }) => entity)]
    return {
      version,
      clock,
      emitted,
      states: picked(states, entities),
      timers: picked(timers, entities),
      timersUpTo: due.length > brought.length ? brought.at(-1) : undefined,
      known: picked(ids, wanted.ids),
      failures: picked(failures, wanted.failures),
      outbox: [...outbox.values()].sort((a, b) => (a.position < b.position ? -1 : 1)).map(copy),
    }
  }

  async commit(slot: Slot, change: Change): Promise<'committed' | 'refused'> {
    const held = this.#slot(slot)
    const { epoch, mark, fired } = held.version
    const { base } = change
    if (epoch !== base.epoch || mark !== base.mark || fired !== base.fired) return 'refused'
    for (const [entity, state] of change.states)
      if (state === null) held.states.delete(entity)
      else held.states.set(entity, state)
    for (const [entity, timers] of change.timers)
      if (timers.length === 0) held.timers.delete(entity)
      else held.timers.set(entity, timers)
    for (const entry of change.outbox) held.outbox.set(entry.position, copy(entry))
    for (const [name, count] of change.tally) held.tally.set(name, (held.tally.get(name) ?? 0) + count)
    for (const remembered of change.ids) held.ids.set(remembered.id, remembered)
    for (const failure of change.failures) held.failures.set(failure.id, failure)
    const { nowMs } = change.clock
    for (const [id, { appliedAtMs }] of held.ids)
      if (nowMs - appliedAtMs > change.idWindowMs) held.ids.delete(id)
    for (const [id, { failedAtMs }] of held.failures)
      if (nowMs - failedAtMs > change.failureWindowMs) held.failures.delete(id)
    held.version = { epoch, mark: change.mark, fired: change.fired }
    held.clock = change.clock
    held.emitted = change.emitted
    return 'committed'
  }

  async settle(slot: Slot, positions: readonly string[]): Promise<void> {
    for (const position of positions) this.#slot(slot).outbox.delete(position)
  }

  /** How many records ended how, by `outcome/reason`. */
  tally(slot: Slot): ReadonlyMap<string, number> {
    return this.#slot(slot).tally
  }

  /** The slot as it is now: `restore` puts it back, as a failover does with a replica that lags. */
  copyOf(slot: Slot): unknown {
    return structuredClone(this.#slot(slot))
  }

  /** @param copy undefined for a slot that is empty */
  restore(slot: Slot, copy: unknown): void {
    const name = nameOf(slot)
    if (copy === undefined) this.#slots.delete(name)
    else this.#slots.set(name, structuredClone(copy) as MemorySlot)
  }

  #slot(slot: Slot): MemorySlot {
    const name = nameOf(slot)
    const held = this.#slots.get(name) ?? {
      version: { epoch: 0, mark: -1, fired: 0 },
      clock: { nowMs: 0, lastAppendMs: undefined, highestAppendMs: undefined },
      emitted: 0,
      states: new Map(),
      timers: new Map(),
      ids: new Map(),
      failures: new Map(),
      outbox: new Map(),
      tally: new Map(),
    }
    this.#slots.set(name, held)
    return held
  }
}

function nameOf({ consumer, topic, partition }: Slot): string {
  return JSON.stringify([consumer, topic, partition])
}

/** The entities with a timer that falls due before the end of a span, in the order in which their first ones fire. */
function dueIn(timers: ReadonlyMap<string, readonly StoredTimer[]>, endMs: number) {
  return [...timers]
    .map(([entity, own]) => ({ entity, thresholdMs: Math.min(...own.map(timer => timer.thresholdMs)) }))
    .filter(({ thresholdMs }) => thresholdMs < endMs)
    .sort(byPlace)
}

function picked<T>(from: ReadonlyMap<string, T>, names: readonly string[]): Map<string, T> {
  return new Map(names.flatMap(name => (from.has(name) ? [[name, from.get(name) as T]] : [])))
}

/** What comes out of a real store is never the object that went in. */
function copy(entry: OutboxEntry): OutboxEntry {
  return JSON.parse(JSON.stringify(entry))
}
