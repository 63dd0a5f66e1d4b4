/**
 * The other shape of a consumer: events go to the outside, each at least once, with a key by which the receiver can tell
 * a repeat. A sink keeps no state and emits nothing; the runtime decides what reaches it, and what becomes of a refusal.
 */
import type { Received } from './event.ts'

export interface Sink<Data = unknown> {
  /** Consumer group, prefix in Redis and dimension of the metrics. Renaming it delivers everything again. */
  readonly name: string
  /** Event types it takes; any other is acknowledged as `not-mine`. */
  readonly accepts: readonly string[]
  /** How many events one call takes at most; 1 by default. */
  readonly batchSize?: number
  /**
   * Brings events to the outside, in the order of their partition. One answer for each, in the same order. Where it
   * throws, the events are tried one by one, so that one of them does not spoil the others.
   *
   * @throws OutsideUnavailable where nothing can be delivered at present: the partition waits in Kafka
   */
  deliver(deliveries: readonly Delivery<Data>[]): Promise<readonly Delivered[]>
  /** Where there is one, what happened too long ago is not delivered one by one. */
  readonly digest?: {
    readonly olderThanMs: number
    /** Tells of all these in one message. Throws as `deliver` does. */
    deliver(digest: Digest<Data>): Promise<Delivered>
  }
}

/** An event on its way to the outside. */
export interface Delivery<Data = unknown> {
  readonly event: Received<Data>
  /** The same whenever this event is delivered, and no other's: 22 letters, digits, `-` and `_`. */
  readonly key: string
}

/** What is too old to be delivered one by one. */
export interface Digest<Data = unknown> {
  readonly events: readonly Received<Data>[]
  /** The same for the same events. */
  readonly key: string
}

/**
 * - `delivered`: done, with a stable word for logs and metrics;
 * - `retry`: not now. It is tried again at once, a few times, and then goes out as a failure that is tried again later;
 * - `rejected`: never. It goes out as a failure for people.
 */
export type Delivered =
  | { readonly delivered: string }
  | { readonly retry: string }
  | { readonly rejected: string }

/** The outside is out of reach, for this event and for all others. */
export class OutsideUnavailable extends Error {
  override readonly name = 'OutsideUnavailable'
}
