import type { Received } from './event.ts'
import type { Rejected } from './process.ts'

/**
 * A consumer without state. A sink delivers events to an external receiver, each at least once, with a key by
 * which the receiver can recognise a repeat. It keeps no state and emits nothing. The runtime decides which events reach it and
 * what happens to those that it rejects.
 */
export interface Sink<Data = unknown> {
  /** Consumer group, prefix in Redis and dimension of the metrics. A renamed sink delivers everything again. */
  readonly name: string
  /** Event types that it delivers; any other is acknowledged as `not-mine`. */
  readonly accepts: readonly string[]
  /** Maximum number of events in one call; 1 by default. */
  readonly batchSize?: number
  /**
   * Delivers events to the receiver, in the order of their partition. Returns one result for each event, in the same order. If it
   * throws, the events are delivered one by one, so that one bad event does not affect the others; one that throws alone is
   * offered again like one with the result `retry`.
   *
   * @throws RetryableError if nothing can be delivered at present: it is called three times, with waits of 2 and 4 seconds
   *   between, and then the partition's records wait in Kafka
   */
  deliver(deliveries: readonly Delivery<Data>[]): Promise<readonly Delivered[]>
  /** If set, events that happened too long ago are not delivered one by one, but summarised in one message. */
  readonly digest?: {
    readonly olderThanMs: number
    /** Delivers one message about all of these events. Throws as the sink's `deliver` does. */
    deliver(digest: Digest<Data>): Promise<Delivered>
  }
  /** Called with the connections of the function being closed: ends what the sink has opened. */
  close?(): void | Promise<void>
}

/** An event to be delivered to the receiver, and the place of its record in Kafka. */
export interface Delivery<Data = unknown> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly event: Received<Data>
  /** Unique to this event and the same for every delivery of it: 22 letters, digits, `-` and `_`. */
  readonly key: string
}

/** Events that are too old to be delivered one by one, in the order of their partition. */
export interface Digest<Data = unknown> {
  readonly deliveries: readonly Delivery<Data>[]
  /** The same for the same events. */
  readonly key: string
}

/**
 * Outcome of an event that a sink was given.
 *
 * - `delivered`: the receiver has the event; `reason` is a stable word for logs and metrics;
 * - `retry`: the receiver does not accept it now. It is offered three times, with waits of 2 and 4 seconds between, and then becomes
 *   a failure record that is retried later. Of what it says, only `safeMessage` is logged;
 * - `rejected`: the receiver will never accept it. It becomes a failure record for people.
 */
export type Delivered =
  | { readonly kind: 'delivered'; readonly reason: string }
  | { readonly kind: 'retry'; readonly why: string; readonly safeMessage?: string }
  | Rejected

/** The receiver has the event. @param reason a stable word for logs and metrics */
export function delivered(reason: string): Delivered {
  return { kind: 'delivered', reason }
}

/**
 * The receiver does not accept the event now. Use `rejected()` if it never will.
 *
 * @param why for people; it may quote the event, so it is not logged
 * @param safeMessage the text that may be logged, because it has no part of the event
 */
export function retry(why: string, safeMessage?: string): Delivered {
  return { kind: 'retry', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
