import type { Received } from './event.ts'
import type { PartitionContext, Rejected } from './process.ts'

/**
 * A consumer without entities. A sink delivers events to an external receiver. Each event is delivered at least once, with a key by
 * which the receiver can recognise a repeat. A sink emits nothing. The runtime decides which events are delivered, and handles the
 * events that the sink rejects.
 */
export interface Sink<Data = unknown, Memory = unknown> {
  /**
   * Name of the sink, its consumer group, Redis prefix and metrics dimension. A renamed sink delivers all events again.
   */
  readonly name: string
  /** Event types to deliver. Events of other types are acknowledged with the reason `not-mine`. */
  readonly accepts: readonly string[]
  /** Maximum number of events in one call; 1 by default. */
  readonly batchSize?: number
  /**
   * Delivers events to the receiver, in the order of their partition. Returns one result for each event, in the same order. If this
   * method throws for several events, it is called again for each event separately, so that one faulty event does not affect the
   * others. If it throws for a single event, the event is treated as if the result were `retry`.
   *
   * @param memory data that the sink keeps, after the events before these; undefined for a sink that remembers nothing
   * @throws RetryableError if nothing can be delivered at present. The method is called up to three times, with delays of 2 and 4
   *   seconds. After that, the records of the partition wait in Kafka.
   */
  deliver(deliveries: readonly Delivery<Data>[], memory?: Memory): Promise<readonly Delivered[]>
  readonly memory?: SinkMemory<Memory, Data>
  /** Digest of old events: events older than `olderThanMs` are summarised in one message instead of being delivered one by one. */
  readonly digest?: {
    readonly olderThanMs: number
    /** Delivers one message that summarises all these events. Results and errors are handled as those of the sink's `deliver`. */
    deliver(digest: Digest<Data>): Promise<readonly Delivered[]>
  }
  /** Called when the function closes its connections. It should release the resources that the sink has opened. */
  close?(): void | Promise<void>
}

/**
 * Data that a sink keeps about its deliveries in a partition. They are stored with the applied offset, so after a kill, and in another
 * instance, they belong to the records before its own. They are stored whole, as JSON: keep them small.
 */
export interface SinkMemory<Memory, Data = unknown> extends Pick<PartitionContext<Memory>, 'initial'> {
  /** Returns the stored data with their type. */
  read(data: unknown): Memory
  /** Returns the memory after an event, and the same object if nothing changes. Pure. An error of the sink counts as `retry`. */
  after(memory: Memory, delivery: Delivery<Data>, answer: Delivered): Memory
}

/** An event to be delivered to the receiver, with the position of its record in Kafka. A redriven event has that of the failed record. */
export interface Delivery<Data = unknown> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly event: Received<Data>
  /** Key of the event: 22 letters, digits, `-` and `_`. It is unique to the event and the same for every delivery of the event. */
  readonly key: string
  /** Receivers that have not accepted the event yet, as named by the sink's last result; absent if the event is for all. */
  readonly receivers?: readonly string[]
}

/** Events that are too old to be delivered one by one, in the order of their partition. */
export interface Digest<Data = unknown> {
  readonly deliveries: readonly Delivery<Data>[]
  /** Key of the digest. It is the same whenever a digest contains the same events. */
  readonly key: string
}

/**
 * Outcome of an event that was offered to a sink.
 *
 * - `delivered`, made by `confirmDelivery`: the receiver has accepted the event; `reason` is a stable word for logs and metrics;
 * - `retry`: the receiver does not accept the event now. The event is offered three times, with delays of 2 and 4 seconds, and then
 *   becomes a failure record that is retried later. Only `safeMessage` is logged;
 * - `rejected`: the receiver will never accept the event. It becomes a failure record for an operator.
 *
 * A sink with several receivers names those that have not accepted the event in `receivers`. All further offers, retries and
 * redrives of the event are for them alone.
 */
export type Delivered =
  | { readonly kind: 'delivered'; readonly reason: string }
  | ({ readonly kind: 'retry'; readonly why: string; readonly safeMessage?: string } & NotAccepted)
  | (Rejected & NotAccepted)

interface NotAccepted {
  readonly receivers?: readonly string[]
}

/**
 * Returns the outcome of an event that the receiver has accepted.
 *
 * @param reason stable word for logs and metrics
 */
export function confirmDelivery(reason: string): Delivered {
  return { kind: 'delivered', reason }
}

/**
 * Returns the outcome of an event that the receiver does not accept now. If it will never accept the event, use `reject()`.
 *
 * @param why message for operators; it is not logged, because it may contain data of the event
 * @param safeMessage message for logs; it must not contain data of the event
 */
export function retry(why: string, safeMessage?: string): Delivered {
  return { kind: 'retry', why, ...(safeMessage === undefined ? {} : { safeMessage }) }
}
