import type { Event } from '../../../packages/runtime/consumer/event.ts'

/** Error for an observation that the alerting function rejects. The message contains the failure code. */
export class RefusedByAlerting extends Error {
  override readonly name = 'RefusedByAlerting'
  /** Rejected event; undefined if the record could not be read as an event. */
  readonly event: Event | undefined

  constructor(message: string, event: Event | undefined) {
    super(message)
    this.event = event
  }
}
