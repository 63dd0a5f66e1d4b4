/** Outcome of publishing an event. */

export type OutcomeCallback = (outcome: PublishOutcome) => void

export type PublishOutcome = { readonly partition: number; readonly offset: number } | Error

/** Outcome of an event that Kafka has acknowledged. */
export interface Delivered {
  readonly isDelivered: true
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** Offset of the record; -1 if the broker has acknowledged it but no longer knows its offset. */
  readonly offset: number
}

/** Outcome of an event that Kafka has not acknowledged. After a timeout, the event may have been written nevertheless. */
export interface NotDelivered {
  readonly isDelivered: false
  readonly id: string
  readonly topic: string
  readonly error: Error
}

/** Outcome of an event that was passed to the producer. */
export type DeliveryReport = Delivered | NotDelivered

/** Describes an outcome in one line: `Delivered to TOPIC [PARTITION] @ OFFSET`, or `Delivery failed: ERROR`. */
export function deliveryText(report: DeliveryReport): string {
  return report.isDelivered
    ? `Delivered to ${report.topic} [${report.partition}] @ ${report.offset}`
    : `${BEGINNINGS.failed}${report.error.message}`
}

export function createDeliveryReport(id: string, topic: string, outcome: PublishOutcome): DeliveryReport {
  return outcome instanceof Error
    ? { isDelivered: false, id, topic, error: outcome }
    : { isDelivered: true, id, topic, ...outcome }
}

/**
 * Error for an event that was not delivered. The message never contains data.
 * - `failed`: Kafka did not acknowledge the event; after a timeout, it may have been written nevertheless
 * - `full`: the event was not accepted, because callers did not await `enqueue`
 * - `closed`: the event was not accepted, because the producer is closed or closing
 * - `not-delivered-at-close`: the event was accepted but not acknowledged; it may have been written nevertheless
 */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'
  readonly code: keyof typeof BEGINNINGS

  /**
   * Creates an error.
   *
   * @param why message, or an error that becomes the cause
   */
  constructor(code: DeliveryFailed['code'], why: unknown = '') {
    const text = (why as Error | null)?.message ?? String(why)
    super(`${BEGINNINGS[code]}${text}`, typeof why === 'string' ? undefined : { cause: why })
    this.code = code
  }
}

const BEGINNINGS = {
  failed: 'Delivery failed: ',
  full: '',
  closed: 'the producer is closed: events must be published before close()',
  'not-delivered-at-close': 'not delivered before close(): ',
} as const
