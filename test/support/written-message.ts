import type { Message } from 'kafkajs'
import type { ContentMode } from '../../lib/cloudevents/writer.ts'
import { writeEvent } from '../../lib/cloudevents/writer.ts'
import type { Event } from '../../lib/domain/event.ts'

/** An event as a foreign client sends it, keyed by its subject. */
export function writtenMessage(event: Event, mode: ContentMode = 'binary'): Message {
  const { value, headers } = writeEvent(event, mode)
  return { key: event.subject ?? null, value, headers: Object.fromEntries(headers) }
}
