/** What became of an event. */

/** Told what became of one record: its offset, or why it is not delivered. */
export type Told = (outcome: Outcome) => void

export type Outcome = { readonly partition: number; readonly offset: number } | Error

/** Kafka has acknowledged the event. */
export interface Delivered {
  readonly isDelivered: true
  /** CloudEvents `id` of the event. */
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

export type DeliveryReport = Delivered | NotDelivered

/** One line for a person: `Delivered to TOPIC [PARTITION] @ OFFSET`, or `Delivery failed: ERROR`. */
export function deliveryText(report: DeliveryReport): string {
  return report.isDelivered
    ? `Delivered to ${report.topic} [${report.partition}] @ ${report.offset}`
    : `Delivery failed: ${report.error.message}`
}

export function reportOf(id: string, topic: string, outcome: Outcome): DeliveryReport {
  return outcome instanceof Error
    ? { isDelivered: false, id, topic, error: outcome }
    : { isDelivered: true, id, topic, ...outcome }
}

/** An event was not delivered. The message never contains data. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'

  constructor(cause: Error) {
    super(`Delivery failed: ${cause.message}`, { cause })
  }
}

/** More waits to be acknowledged than the producer keeps: `enqueue` was not awaited. The event was not taken. */
export class ProducerFull extends Error {
  override readonly name = 'ProducerFull'
}

/** The producer is closed, or closing. */
export class ProducerClosed extends Error {
  override readonly name = 'ProducerClosed'

  constructor() {
    super('the producer is closed: events must be published before close()')
  }
}

/** The event was taken, and Kafka had not acknowledged it when the producer was closed. It may have been written nevertheless. */
export class NotDeliveredAtClose extends Error {
  override readonly name = 'NotDeliveredAtClose'

  constructor(reason: string) {
    super(`not delivered before close(): ${reason}`)
  }
}

/** The work, or a delivery, failed: nothing of the transaction can be read. */
export class TransactionAborted extends Error {
  override readonly name = 'TransactionAborted'

  constructor(cause: unknown) {
    super(`Transaction aborted: ${(cause as Error)?.message ?? String(cause)}`, { cause })
  }
}

/** The coordinator has not said whether it has committed: readers see all of the transaction, or nothing. */
export class TransactionUncertain extends Error {
  override readonly name = 'TransactionUncertain'

  constructor(cause: unknown) {
    super(`Transaction not known to be committed: ${(cause as Error).message}`, { cause })
  }
}
