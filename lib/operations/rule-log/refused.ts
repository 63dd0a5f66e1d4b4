import type { Event } from '../../../packages/runtime/consumer/event.ts'

/** The alerting function would not take an observation. The message has the code of the failure. */
export class RefusedByAlerting extends Error {
  override readonly name = 'RefusedByAlerting'
  /** The refused event; undefined if it could not be read as one. */
  readonly event: Event | undefined

  constructor(message: string, event: Event | undefined) {
    super(message)
    this.event = event
  }
}
