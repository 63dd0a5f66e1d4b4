import type { Received } from './event.ts'
import type { Rejected } from './process.ts'

/**
 * A consumer without state. A sink delivers events to an external receiver, each at least once, with a key by
 * which the receiver can recognise a repeat. It keeps no state and emits nothing. The runtime decides which
 * events reach the sink, and handles those that the sink rejects.
 */
export interface Sink<Data = unknown> {
  /** Name of the sink: consumer group, prefix in Redis and dimension of the metrics. A renamed sink delivers all events again. */
  readonly name: string
  /** Event types to deliver; events of other types are acknowledged as `not-mine`. */
  readonly accepts: readonly string[]
  /** Maximum number of events in one call; 1 by default. */
  readonly batchSize?: number
  /**
   * Delivers events to the receiver, in the order of their partition. Returns one result for each event, in
   * the same order. If it throws, the events are delivered one by one, so that one bad event does not affect
   * the others; an event that throws alone is offered again, as if its result were `retry`.
   *
   * @throws RetryableError if nothing can be delivered at present; the method is called up to three times,
   *   after delays of 2 and 4 seconds, and then the partition's records wait in Kafka
   */
  deliver(deliveries: readonly Delivery<Data>[]): Promise<readonly Delivered[]>
  /** If set, events that are older than this are summarised in one message instead of being delivered one by one. */
  readonly digest?: {
    readonly olderThanMs: number
    /** Delivers one message about all of these events. Errors are handled as in `deliver` of the sink. */
    deliver(digest: Digest<Data>): Promise<Delivered>
  }
  /** Called when the function closes its connections. Releases resources that the sink has opened. */
  close?(): void | Promise<void>
}

/** An event to be delivered to the receiver, with the position of its record in Kafka. */
export interface Delivery<Data = unknown> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly event: Received<Data>
  /** Key that is unique to this event and the same for every delivery of it: 22 letters, digits, `-` and `_`. */
  readonly key: string
}

/** Events that are too old to be delivered one by one, in the order of their partition. */
export interface Digest<Data = unknown> {
  readonly deliveries: readonly Delivery<Data>[]
  /** Key that is the same whenever the digest contains the same events. */
  readonly key: string
}

/**
 * Outcome of an event that was offered to a sink.
 *
 * - `delivered`: the receiver has the event; `reason` is a stable word for logs and metrics;
 * - `retry`: the receiver does not accept it now. It is offered three times, with delays of 2 and 4 seconds,
 *   and then becomes a failure record that is retried later. Only `safeMessage` is logged;
 * - `rejected`: the receiver will never accept it. It becomes a failure record for an operator.
 */
export type Delivered =
  | { readonly kind: 'delivered'; readonly reason: string }
  | { readonly kind: 'retry'; readonly why: string; readonly safeMessage?: string }
  | Rejected

/**
 * Returns the outcome of an event that the receiver has accepted.
 *
 * @param reason stable word for logs and metrics
 */
export function delivered(reason: string): Delivered {
  return { kind: 'delivered', reason }
}

/**
 * Returns the outcome of an event that the receiver does not accept now. Use `rejected()` if it never will.
 *
 * @param why message for operators; it is not logged, because it may contain data of the event
 * @param safeMessage message for logs; must not contain data of the event
 */
export function retry(why: string, safeMessage?: string): Delivered {
  return { kind: 'retry', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
