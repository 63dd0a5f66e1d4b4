import type { Message } from 'kafkajs'
import { type ContentMode, writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'

/** Returns the message for an event, for publishing with a foreign client. The key is the subject. */
export function writtenMessage(event: Event, mode: ContentMode = 'binary'): Message {
  const { value, headers } = writeEvent(event, mode)
  return { key: event.subject ?? null, value, headers: Object.fromEntries(headers) }
}
