import type { LogClock, RememberedFailure, Slot, StoredTimer, Version } from '../../pipeline/ports.ts'
import type { RedisClient } from './client.ts'
import { gathered, SlotReader } from './slot-reader.ts'

/** What an operator sees of a slot. */
export interface SlotSummary {
  /** The last decided offset; -1 where nothing is. */
  readonly mark: number
  readonly version: Version
  readonly clock: LogClock
  readonly entities: number
  readonly outbox: number
  /** How many records ended how, by `outcome/reason`, since the slot exists. */
  readonly tally: Readonly<Record<string, number>>
}

/** All that can be said of a slot without its states. */
export interface SlotDetails extends SlotSummary {
  readonly timers: number
  /** The timer that fires next. */
  readonly nextTimer: { readonly entity: string; readonly timer: StoredTimer } | undefined
  /** The position of the first entry that waits to be published. */
  readonly oldestOutbox: string | undefined
  /** Those that may still be taken back. */
  readonly openFailures: readonly RememberedFailure[]
  readonly ids: number
}

/** Reads slots for people: never part of the processing, and never changing anything. */
export class SlotInspection {
  readonly #reader: SlotReader

  constructor(client: RedisClient) {
    this.#reader = new SlotReader(client)
  }

  async summary(slot: Slot): Promise<SlotSummary> {
    const [{ version, clock, tally }, counts] = await Promise.all([
      this.#reader.meta(slot),
      this.#reader.counts(slot),
    ])
    return { mark: version.mark, version, clock, ...counts, tally }
  }

  /** Not of one moment where the consumer goes on meanwhile. */
  async details(slot: Slot): Promise<SlotDetails> {
    const reader = this.#reader
    const meta = await reader.meta(slot)
    const { version, clock, tally } = meta
    const timers = new Map<string, number>()
    for await (const [entity, own] of reader.timers(slot)) timers.set(entity, own.length)
    const positions = new Set<string>()
    for await (const { position } of reader.outbox(slot)) positions.add(position)
    const failures = await gathered(reader.failures(slot, meta), ({ id }) => id)
    return {
      mark: version.mark,
      ...(await reader.counts(slot)),
      tally,
      version,
      clock,
      timers: [...timers.values()].reduce((sum, count) => sum + count, 0),
      nextTimer: await this.#nextTimer(slot),
      oldestOutbox: [...positions].sort()[0],
      openFailures: failures.filter(({ isOpen }) => isOpen).sort((a, b) => a.offset - b.offset),
      ids: await reader.idCount(slot, meta),
    }
  }

  /** The state of one entity; undefined where it has none. */
  async state(slot: Slot, entity: string): Promise<unknown> {
    const json = await this.#reader.state(slot, entity)
    return json === undefined ? undefined : JSON.parse(json)
  }

  /** All timers of one entity. */
  timersOf(slot: Slot, entity: string): Promise<readonly StoredTimer[]> {
    return this.#reader.timersOf(slot, entity)
  }

  /** The states of a slot, in pages, so that a large one does not hold up the server. */
  async *states(slot: Slot): AsyncGenerator<[entity: string, state: unknown]> {
    for await (const [entity, json] of this.#reader.states(slot)) yield [entity, JSON.parse(json)]
  }

  async #nextTimer(slot: Slot): Promise<SlotDetails['nextTimer']> {
    const entity = await this.#reader.firstDue(slot)
    const own = entity === undefined ? [] : await this.#reader.timersOf(slot, entity)
    const [timer] = [...own].sort((a, b) => a.thresholdMs - b.thresholdMs)
    return entity !== undefined && timer ? { entity, timer } : undefined
  }
}
