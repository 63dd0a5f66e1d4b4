/** What the pipeline needs from outside. Adapters implement these; one conformance suite holds each port's to one behaviour. */
import type { LogRecord, OutgoingRecord } from '../cloudevents/record.ts'
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
  /** Timers fired since the mark, before the record after it: more of them than one commit holds take several. */
  readonly fired: number
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

/** A timer as a slot keeps it. */
export interface StoredTimer {
  readonly name: string
  /** Event time. */
  readonly dueMs: number
  /** It fires when the log's clock has passed this. */
  readonly thresholdMs: number
  /** Follows from what set it: the same entity, name and due can be set again, and then it is another timer. */
  readonly id: string
  /** The trace context of the event that set it. */
  readonly trace: Readonly<Record<string, string>>
}

/** A place in the order in which timers fire; of one entity, by name. */
export interface TimerPlace {
  readonly thresholdMs: number
  readonly entity: string
}

/** A record that could not be processed: what must be known to take it back, once and as what it was. */
export interface RememberedFailure {
  /** The same for all attempts at a record. */
  readonly id: string
  readonly partition: number
  readonly offset: number
  /** The last one; 1 for the first. */
  readonly attempt: number
  /** Of the record's bytes. */
  readonly digest: string
  /** Whether it may still be taken back. */
  readonly isOpen: boolean
  /** RFC 3339. */
  readonly firstFailedAt: string
  /** The log clock at its last attempt. */
  readonly failedAtMs: number
}

/** An event on its way out: decided and stored, not yet known to be published. */
export interface OutboxEntry {
  /** Unique in the slot, and in the order of publishing when compared as strings. */
  readonly position: string
  readonly to: Signal
  readonly key: Key
  readonly event: Event
}

/** When a wave begins, and how far it moves the clock after that: enough to know which timers can fall due in it. */
export interface Span {
  readonly firstAppendMs: number
  readonly advanceMs: number
}

export interface Wanted {
  readonly entities: readonly string[]
  /** `Fingerprint.id` of each. */
  readonly ids: readonly string[]
  /** How far back, on the log's clock, an id must be known. */
  readonly idWindowMs: number
  /** Of failures that records claim to be further attempts at. */
  readonly failures: readonly string[]
  /** Timers that fall due within it are wanted, with the states of their entities. */
  readonly span: Span
  /** Of so many entities at most, the earliest first. */
  readonly timerLimit: number
}

export interface Snapshot {
  readonly version: Version
  readonly clock: LogClock
  /** How much was emitted since the mark: counts on with the record after it. */
  readonly emitted: number
  /** Of the wanted entities and of those with a timer that falls due: the states that there are, as JSON. */
  readonly states: ReadonlyMap<string, string>
  /** Of the same entities: all their timers. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  /** The last place up to which every timer is here, where more fall due than one load brings. */
  readonly timersUpTo: TimerPlace | undefined
  /** Of the wanted ids, at least those within the window; older ones may be there. */
  readonly known: ReadonlyMap<string, RememberedId>
  /** Of the wanted failures, those that are remembered. */
  readonly failures: ReadonlyMap<string, RememberedFailure>
  /** What was decided and not yet settled, in order. */
  readonly outbox: readonly OutboxEntry[]
}

export interface Change {
  readonly base: Version
  readonly mark: number
  /** Timers fired, and events emitted, since that mark: both 0 unless the wave ends among the timers before a record. */
  readonly fired: number
  readonly emitted: number
  readonly clock: LogClock
  /** New states as JSON; null forgets the entity. */
  readonly states: ReadonlyMap<string, string | null>
  /** All timers of each entity of which any has changed. */
  readonly timers: ReadonlyMap<string, readonly StoredTimer[]>
  readonly ids: readonly RememberedId[]
  readonly failures: readonly RememberedFailure[]
  readonly outbox: readonly OutboxEntry[]
  /** How many records of this change ended how: counters that are exact because they are committed with the mark. */
  readonly tally: ReadonlyMap<string, number>
  /** How long, on the log's clock, ids and failures are remembered; older ones leave. */
  readonly idWindowMs: number
  readonly failureWindowMs: number
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
   * given. Otherwise any of them may have been written, and it rejects: with `RecordRefused` where Kafka will never take one of
   * them, with `Unavailable` where it may later.
   */
  publish(records: readonly OutgoingRecord[]): Promise<void>
}

/** A stretch of a partition, both ends included. */
export interface Stretch {
  readonly fromOffset: number
  readonly toOffset: number
}

/** What one look into the log has shown. */
export interface Looked {
  /** In offset order; none before `fromOffset`, but perhaps some after `toOffset`. */
  readonly records: readonly LogRecord[]
  /** Every offset of the stretch before this one is in `records`, or holds nothing to read. Beyond `fromOffset`. */
  readonly nextOffset: number
  /** Where the log begins now: what was before has expired. */
  readonly logStart: number
}

/**
 * Reads the log beside what is delivered. Rejects with `Unavailable` where Kafka cannot be reached, and with `UnreadableLog`
 * where it can and yet the records cannot be read.
 */
export interface LogReader {
  /** As much of the stretch as one fetch brings; call again from `nextOffset`. No consumer group notices. */
  read(topic: string, partition: number, stretch: Stretch): Promise<Looked>
}

/** Whether batches of a version of the code are held back: remembered outside, because an invocation forgets. */
export interface FloodGate {
  /**
   * Closes the gate for this consumer and version, if it is not closed yet. Returns since when it is, in milliseconds
   * since the epoch, or `released` where an operator has opened it. Rejects with `Unavailable`.
   */
  hold(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'released'>
}

/** How one record ended. */
export type RecordOutcome = 'applied' | 'duplicate' | 'ignored' | 'failed'

/** What was decided about one record or timer, and why: the metric, the log line and the test's expectation. */
export interface Decision {
  /** Of the record; of a timer, the record before which it fired. */
  readonly offset: number
  /** When that record was appended. */
  readonly appendMs: number
  readonly outcome: RecordOutcome | 'timer'
  readonly reason: string
  readonly event?: Event
  readonly fault?: Fault
  /** Set where it is a timer's. */
  readonly timer?: StoredTimer & { readonly entity: string }
  /** What it brought about; absent where that is nothing. */
  readonly emitted?: readonly OutboxEntry[]
}

/** Why a partition could not go on, and from which offset on it must be delivered again. */
export interface Waiting {
  readonly fromOffset: number
  /** When the record there was appended: so long it has waited. */
  readonly appendMs: number
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
  /** Kafka does not take these as they are: each was replaced by a failure record that says so. */
  refused(slot: Slot, entries: readonly OutboxEntry[], error: unknown): void
  /** Offsets after the mark that nobody has delivered: they are read from the log. Many mean that the store forgot. */
  stretchMissing(slot: Slot, stretch: Stretch): void
  /** Offsets after the mark that the log no longer has: what they held is lost. */
  expired(slot: Slot, stretch: Stretch): void
  /** The slot is empty although the log has a past: all of it is read, from there on. */
  startsWithoutMark(slot: Slot, fromOffset: number): void
  /** The log of a consumer with timers saw nothing for longer than its clock counts. */
  blind(slot: Slot, beforeOffset: number, ms: number): void
  /** Records that another partitioner than Kafka's own has put here, from this offset on. */
  strayed(slot: Slot, fromOffset: number, count: number): void
  /** Too many unexpected failures at once: the batches of this version of the code wait in Kafka. The first of them says where. */
  flooded(slot: Slot, sinceMs: number, fault?: Fault): void
}

/** Kafka will never take a record as it is: trying again cannot help. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused'
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

/**
 * The log cannot be read, and waiting alone changes nothing: a batch is corrupt or too large, or Kafka refuses the access. The
 * records stay in Kafka. The message says where and what to do, never contents.
 */
export class UnreadableLog extends Error {
  override readonly name = 'UnreadableLog'
  readonly code = 'log-unreadable'
}
