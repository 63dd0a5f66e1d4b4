/** Where a message leads: to its event's way through the system, what the event is about, the record that failed. Pure. */
import type { Message } from '../../../api/kafka/messages/one.ts'
import { type EventLink, eventLinks } from '../../data/event-links.ts'
import { addressOf } from '../../data/search.ts'
import { traceIdOf } from '../../data/trace.ts'
import { MESSAGES } from './question.ts'

const FAILED = /^io\.sluice\.(failure|retry|dead-letter)\.v1$/

export function linksOf({
  event,
  partition,
  offset,
}: Pick<Message, 'event' | 'partition' | 'offset'>): EventLink[] {
  if (!event) return []
  const { id, type, source, subject, data, traceparent } = event
  const trace = traceIdOf(traceparent)
  return [
    { text: 'Follow this event', href: addressOf('/event', { id: String(id) }) },
    ...(trace ? [{ text: 'Follow its trace', href: addressOf('/event', { trace }) }] : []),
    ...eventLinks({ type, source, subject, data, place: { partition, offset } }),
    ...(FAILED.test(String(type)) ? failedRecord(data) : []),
  ]
}

function failedRecord(data: unknown): EventLink[] {
  const {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
  } = (data ?? {}) as Readonly<Record<string, unknown>>
  if (typeof topic !== 'string' || typeof partition !== 'number' || typeof offset !== 'number') return []
  return [{ text: 'The record that failed', href: addressOf(MESSAGES, { topic, partition, offset }) }]
}
