/** The outcome of an event. */

export type OutcomeCallback = (outcome: Outcome) => void

export type Outcome = { readonly partition: number; readonly offset: number } | Error

/** Kafka has acknowledged the event. */
export interface Delivered {
  readonly isDelivered: true
  readonly id: string
  readonly topic: string
  readonly partition: number
  /** -1 if the broker has acknowledged it without knowing its offset any more. */
  readonly offset: number
}

/** The event is not acknowledged. After a time-out it may have been written nevertheless. */
export interface NotDelivered {
  readonly isDelivered: false
  readonly id: string
  readonly topic: string
  readonly error: Error
}

/** The end of an event that was given to the producer. */
export type DeliveryReport = Delivered | NotDelivered

/** One line for a person: `Delivered to TOPIC [PARTITION] @ OFFSET`, or `Delivery failed: ERROR`. */
export function deliveryText(report: DeliveryReport): string {
  return report.isDelivered
    ? `Delivered to ${report.topic} [${report.partition}] @ ${report.offset}`
    : `${BEGINNINGS.failed}${report.error.message}`
}

export function reportOf(id: string, topic: string, outcome: Outcome): DeliveryReport {
  return outcome instanceof Error
    ? { isDelivered: false, id, topic, error: outcome }
    : { isDelivered: true, id, topic, ...outcome }
}

/**
 * An event or a transaction was not delivered. The message never contains data.
 * - `failed`: Kafka has not acknowledged the event, which may have been written nevertheless after a time-out
 * - `full`: the event was not taken, because callers did not await `enqueue`
 * - `closed`: the event was not taken, because the producer is closed, or closing
 * - `not-delivered-at-close`: the event was taken, and may have been written nevertheless
 * - `transaction-aborted`: the work, or a delivery, failed, and nothing of the transaction can be read
 * - `transaction-uncertain`: the coordinator has not answered, and readers see all of the transaction, or nothing
 */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'
  readonly code: keyof typeof BEGINNINGS

  /** @param why an error, which becomes the cause, or a text */
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
  'transaction-aborted': 'Transaction aborted: ',
  'transaction-uncertain': 'Transaction not known to be committed: ',
} as const
