/** Where a message leads: to its event's way through the system, its entity, its alert, the record that failed. Pure. */
import type { Message } from '../../../api/kafka/messages/one.ts'
import { addressOf } from '../../data/search.ts'
import { traceIdOf } from '../../data/trace.ts'
import { MESSAGES } from './question.ts'

export interface MessageLink {
  readonly text: string
  readonly href: string
}

const READING = /^io\.sluice\.(environment\.reading|database\.reading|device\.motion)\.v1$/
const ALERT = /^io\.sluice\.alert\.(fired|resolved|acknowledged)\.v1$/
const FAILED = /^io\.sluice\.(failure|retry|dead-letter)\.v1$/
const DEAD_LETTER = 'io.sluice.dead-letter.v1'

export function linksOf({
  event,
  partition,
  offset,
}: Pick<Message, 'event' | 'partition' | 'offset'>): MessageLink[] {
  if (!event) return []
  const type = String(event.type)
  const data = isObject(event.data) ? event.data : {}
  const links: MessageLink[] = [
    { text: 'Follow this event', href: addressOf('/event', { id: String(event.id) }) },
  ]
  const trace = traceIdOf(event.traceparent)
  if (trace) links.push({ text: 'Follow its trace', href: addressOf('/event', { trace }) })
  if (READING.test(type)) {
    const entity = `${event.source} ${event.subject ?? ''}`
    links.push({ text: 'Its entity', href: addressOf('/telemetry', { entity }) })
  }
  if (ALERT.test(type) && typeof data.alertId === 'string')
    links.push({ text: 'Its alert', href: addressOf('/alerts', { alert: data.alertId }) })
  if (type === DEAD_LETTER)
    links.push({
      text: 'As a dead letter',
      href: addressOf('/failures', { letter: `${partition}:${offset}` }),
    })
  if (FAILED.test(type)) links.push(...failedRecord(data))
  return links
}

function failedRecord({
  originalTopic: topic,
  originalPartition: partition,
  originalOffset: offset,
}: Readonly<Record<string, unknown>>): MessageLink[] {
  if (typeof topic !== 'string' || typeof partition !== 'number' || typeof offset !== 'number') return []
  return [{ text: 'The record that failed', href: addressOf(MESSAGES, { topic, partition, offset }) }]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
