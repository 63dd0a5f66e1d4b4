/** Where the parts of a path lead to in the other areas. Pure. */
import type { DecisionStep, EventStep, Place } from '../../../lib/queries/journey/model.ts'
import { addressOf } from '../data/address.ts'

export function placeText({ topic, partition, offset }: Place): string {
  return `${topic}/${partition}/${offset}`
}

export function messageAddress({ topic, partition, offset }: Place): string {
  return addressOf('/kafka/messages', { topic, partition, offset })
}

/** What the consumer remembers of the entity of the event. */
export function stateAddress({ consumer, place }: DecisionStep, { event }: EventStep): string {
  const entity = event?.subject === undefined ? undefined : `${event.source} ${event.subject}`
  return addressOf('/state', { consumer, topic: place?.topic, entity })
}

interface Link {
  readonly href: string
  readonly text: string
}

export function linksOf({
  event,
  data,
  places,
}: Pick<EventStep, 'event' | 'data' | 'places'>): readonly Link[] {
  if (!event) return []
  const { type, source, subject } = event
  const { alertId, rule } = (data ?? {}) as { alertId?: unknown; rule?: unknown }
  const [place] = places
  if (/\.(reading|motion)\.v\d+$/.test(type) && subject !== undefined)
    return [
      {
        href: addressOf('/telemetry', { entity: `${source} ${subject}` }),
        text: 'The entity and its charts',
      },
    ]
  if (/\.alert\.(fired|resolved)\./.test(type) && typeof alertId === 'string')
    return [
      { href: addressOf('/alerts', { alert: alertId }), text: 'The alert' },
      ...(typeof rule === 'string' ? [{ href: addressOf('/alerts/rules', { rule }), text: 'Its rule' }] : []),
    ]
  if (/\.dead-letter\./.test(type) && place)
    return [
      {
        href: addressOf('/failures', { letter: `${place.partition}:${place.offset}` }),
        text: 'The dead letter: redrive or drop it',
      },
    ]
  return []
}
