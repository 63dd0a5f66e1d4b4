import type { Event } from '../../../packages/runtime/consumer/event.ts'

/** Error for an event that `alerting` rejects. The message contains the failure code. */
export class RefusedByAlerting extends Error {
  override readonly name = 'RefusedByAlerting'
  /** Rejected event; undefined if the record does not contain a valid event. */
  readonly event: Event | undefined

  constructor(message: string, event: Event | undefined) {
    super(message)
    this.event = event
  }
}
