/** Links from an event to its entity, alert, rule or dead letter. Pure. */
import { eventTypeRow } from '../../../lib/event-types.ts'
import type { Message } from '../../api/kafka/messages/one.ts'
import { addressOf } from './address.ts'

export interface EventLink {
  readonly text: string
  readonly href: string
}

interface ShownEvent {
  readonly type: unknown
  readonly source: unknown
  readonly subject?: unknown
  readonly data: unknown
  /** Position of the event in Kafka; undefined if unknown. */
  readonly place: { readonly partition: number; readonly offset: number } | undefined
}

const DEAD_LETTER = 'io.sluice.dead-letter.v1'

export function eventLinks({ type, source, subject, data, place }: ShownEvent): EventLink[] {
  const { alertId, rule } = (data ?? {}) as { alertId?: unknown; rule?: unknown }
  const links: EventLink[] = []
  const topic = eventTypeRow(String(type))?.topic
  if (topic === 'readings' && typeof subject === 'string') {
    const entity = `${source} ${subject}`
    links.push({ text: 'Its entity and charts', href: addressOf('/telemetry', { entity }) })
  }
  if (topic === 'alerts') {
    if (typeof alertId === 'string')
      links.push({ text: 'Its alert', href: addressOf('/alerts', { alert: alertId }) })
    if (typeof rule === 'string') links.push({ text: 'Its rule', href: addressOf('/alerts/rules', { rule }) })
  }
  if (type === DEAD_LETTER && place) {
    const letter = `${place.partition}:${place.offset}`
    links.push({ text: 'The dead letter: redrive or drop it', href: addressOf('/failures', { letter }) })
  }
  return links
}

const FAILED = /^io\.sluice\.(failure|retry|dead-letter)\.v1$/

/** Returns the links of a message, to the path of its event, to the object that the event describes, and to the failed record. */
export function messageLinks({
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
  return [
    { text: 'The record that failed', href: addressOf('/kafka/messages', { topic, partition, offset }) },
  ]
}

/** Pattern of a `traceparent` header. Version `ff` is invalid, and only versions after `00` may append further fields. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/

/** Returns the trace id of a `traceparent`; undefined if it is invalid. */
export function traceIdOf(traceparent: unknown): string | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, version, trace, more] = TRACEPARENT.exec(traceparent) ?? []
  return version === '00' && more !== undefined ? undefined : trace
}
