/** Where an event leads, on every page that shows one: to its entity, its alert and rule, or its dead letter. Pure. */
import { addressOf } from './search.ts'

export interface EventLink {
  readonly text: string
  readonly href: string
}

interface Shown {
  readonly type: unknown
  readonly source: unknown
  readonly subject?: unknown
  readonly data: unknown
  /** Where the event lies in Kafka, if that is known. */
  readonly place: { readonly partition: number; readonly offset: number } | undefined
}

const READING = /^io\.sluice\.(environment\.reading|database\.reading|device\.motion)\.v1$/
const ALERT = /^io\.sluice\.alert\.(fired|resolved|acknowledged)\.v1$/
const DEAD_LETTER = 'io.sluice.dead-letter.v1'

export function eventLinks({ type, source, subject, data, place }: Shown): EventLink[] {
  const { alertId, rule } = (data ?? {}) as { alertId?: unknown; rule?: unknown }
  const links: EventLink[] = []
  if (READING.test(String(type)) && typeof subject === 'string') {
    const entity = `${source} ${subject}`
    links.push({ text: 'Its entity and charts', href: addressOf('/telemetry', { entity }) })
  }
  if (ALERT.test(String(type))) {
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
