/** Links from a message to its entity, alert, rule, dead letter or failed record. Pure. */

import type { DetailedMessage } from '../../../api/kafka/messages/message-details.ts'
import { buildAddress } from '../../client/address.ts'

interface EventLink {
  readonly text: string
  readonly href: string
}

const FAILED = /^io\.sluice\.(failure|retry|dead-letter)\.v1$/

export function buildMessageLinks({
  event,
  signal,
  partition,
  offset,
}: Pick<DetailedMessage, 'event' | 'signal' | 'partition' | 'offset'>): EventLink[] {
  if (!event) return []
  const { type, source, subject, data } = event
  const { alertId, rule } = (data ?? {}) as { alertId?: unknown; rule?: unknown }
  const links: EventLink[] = []
  if (signal === 'readings' && typeof subject === 'string') {
    const entity = `${source} ${subject}`
    links.push({ text: 'Its entity and charts', href: buildAddress('/telemetry', { entity }) })
  }
  if (signal === 'alerts') {
    if (typeof alertId === 'string')
      links.push({ text: 'Its alert', href: buildAddress('/alerts', { alert: alertId }) })
    if (typeof rule === 'string')
      links.push({ text: 'Its rule', href: buildAddress('/alerts/rules', { rule }) })
  }
  if (type === 'io.sluice.dead-letter.v1') {
    const letter = `${partition}@${offset}`
    links.push({ text: 'The dead letter: redrive or drop it', href: buildAddress('/failures', { letter }) })
  }
  return FAILED.test(String(type)) ? [...links, ...buildRecordLinks(data)] : links
}

function buildRecordLinks(data: unknown): EventLink[] {
  const {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
  } = (data ?? {}) as Readonly<Record<string, unknown>>
  if (typeof topic !== 'string' || typeof partition !== 'number' || typeof offset !== 'number') return []
  return [
    { text: 'The record that failed', href: buildAddress('/kafka/messages', { topic, partition, offset }) },
  ]
}
