/** What the pipeline needs from outside. Adapters implement these; one conformance suite holds each port's to one behaviour. */
import type { OutgoingRecord } from '../cloudevents/record.ts'
import type { Event } from '../domain/event.ts'
import type { Fault } from '../domain/failure/codes.ts'
import type { Key } from '../domain/process.ts'
import type { Signal } from '../domain/topics.ts'

/** All that one consumer remembers for one partition lives in one slot: the unit of order, of state and of recovery. */
export interface Slot {
  readonly consumer: string
  readonly topic: string
  readonly partition: number
}

/**
 * What a slot's contents were computed up to. A commit names the version that it started from and is refused if that
 * is no longer the slot's: so the offset itself is the fencing token.
 */
export interface Version {
  /** Raised when somebody puts other contents into the slot. */
  readonly epoch: number
  /** The last offset that is decided; -1 where nothing is. */
  readonly mark: number
}

/** The log's own clock, in milliseconds: it advances with append times and knows no other (see `clock.ts`). */
export interface LogClock {
  readonly nowMs: number
  /** Append time of the record at the mark; undefined before the first record. */
  readonly lastAppendMs: number | undefined
  /** The highest append time up to the mark: by it a record of another log is known. */
  readonly highestAppendMs: number | undefined
}

/** 96 bits of identity and 64 bits of content, as latin1 strings of 12 and 8 characters. */
export interface Fingerprint {
  readonly id: string
  readonly digest: string
}

export interface RememberedId extends Fingerprint {
  /** The log clock at which it was applied. */
  readonly appliedAtMs: number
}

/** An event on its way out: decided and stored, not yet known to be published. */
export interface OutboxEntry {
  /** Unique in the slot, and in the order of publishing when compared as strings. */
  readonly position: string
  readonly to: Signal
  readonly key: Key
  readonly event: Event
}

export interface Wanted {
  readonly entities: readonly string[]
  /** `Fingerprint.id` of each. */
  readonly ids: readonly string[]
  /** How far back, on the log's clock, an id must be known. */
  readonly idWindowMs: number
}

export interface Snapshot {
  readonly version: Version
  readonly clock: LogClock
  /** Of the wanted entities, those that have a state, as JSON. */
  readonly states: ReadonlyMap<string, string>
  /** Of the wanted ids, at least those within the window; older ones may be there. */
  readonly known: ReadonlyMap<string, RememberedId>
  /** What was decided and not yet settled, in order. */
  readonly outbox: readonly OutboxEntry[]
}

export interface Change {
  readonly base: Version
  readonly mark: number
  readonly clock: LogClock
  /** New states as JSON; null forgets the entity. */
  readonly states: ReadonlyMap<string, string | null>
  readonly ids: readonly RememberedId[]
  readonly outbox: readonly OutboxEntry[]
  /** How many records of this change ended how: counters that are exact because they are committed with the mark. */
  readonly tally: ReadonlyMap<string, number>
  readonly idWindowMs: number
}

/** Every method rejects with `Unavailable` where the store cannot be reached or does not answer in time. */
export interface StateStore {
  load(slot: Slot, wanted: Wanted): Promise<Snapshot>
  /** All or nothing; refused where the slot's version is no longer `change.base`. */
  commit(slot: Slot, change: Change): Promise<'committed' | 'refused'>
  /** Removes exactly these entries from the outbox; those already gone are no error. */
  settle(slot: Slot, positions: readonly string[]): Promise<void>
}

export interface Publisher {
  /**
   * Resolves when all replicas have acknowledged every record; the first copies of one partition are in the order
   * given. Rejects with `Unavailable` otherwise, and then any of them may have been written.
   */
  publish(records: readonly OutgoingRecord[]): Promise<void>
}

/** How one record ended. */
export type Outcome = 'applied' | 'duplicate' | 'ignored' | 'failed'

/** What was decided about one record, and why: the metric, the log line and the test's expectation. */
export interface Decision {
  readonly offset: number
  readonly outcome: Outcome
  readonly reason: string
  readonly event?: Event
  readonly fault?: Fault
}

/** Why a partition could not go on, and from which offset on it must be delivered again. */
export interface Waiting {
  readonly fromOffset: number
  readonly reason: string
  readonly error?: unknown
}

/** Told what happened, so that it can be logged and counted; never given payloads to keep. */
export interface Observer {
  decided(slot: Slot, decisions: readonly Decision[]): void
  /** Records at or below the mark: decided before, dropped now. */
  redelivered(slot: Slot, count: number): void
  waiting(slot: Slot, waiting: Waiting): void
  /** Published, but still in the outbox: the next batch of the partition publishes these once more. */
  unsettled(slot: Slot, count: number, error: unknown): void
  /** Offsets between the mark and the batch that nobody has delivered. */
  stretchMissing(slot: Slot, stretch: { readonly fromOffset: number; readonly toOffset: number }): void
  /** The slot is empty although the log is not: fine at a first deployment, a loss otherwise. */
  startsWithoutMark(slot: Slot, fromOffset: number): void
}

/** Redis or Kafka is out of reach: nothing is decided, the records wait in Kafka. */
export class Unavailable extends Error {
  readonly code: 'store-unavailable' | 'broker-unavailable'
  constructor(code: Unavailable['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Unavailable'
    this.code = code
  }
}
