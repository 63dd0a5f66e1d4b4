/** Where the parts of a path lead to in the other areas. Pure. */
import type { DecisionStep, EventStep, Place } from '../../../lib/queries/journey/model.ts'
import { addressOf } from '../data/address.ts'
import { type EventLink, eventLinks } from '../data/event-links.ts'

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

export function linksOf({
  event,
  data,
  places,
}: Pick<EventStep, 'event' | 'data' | 'places'>): readonly EventLink[] {
  return event ? eventLinks({ ...event, data, place: places[0] }) : []
}
