/** Events that are rows of streams: of our table of event types, and of the types that inputs bring. Pure. */

import type { Event } from '#runtime/consumer'
import { findOriginTopic } from '#runtime/pipeline'
import { INTAKE } from '../intake/input.ts'
import { EVENT_TYPES, type EventType } from '../schemas/event-types.ts'
import type { EventTypes } from '../telemetry/event-types.ts'
import type { StreamPlan } from './plan.ts'

/** Topics that a stream can name. */
export const STREAM_SIGNALS = [
  ...['readings', 'events', 'alerts', 'notifications', 'patterns', 'view-rows', 'view-changes'],
  ...['analytics', 'failures', 'retry-1m', 'retry-10m', 'retry-1h', 'dlq'],
] as const

/** Topics whose streams tables can read. Each one more would be an event source of `views`, which costs even at rest. */
export const TABLE_SIGNALS: readonly string[] = ['readings', 'events']
/** Topic of the types that inputs bring. */
const BROUGHT_SIGNAL = 'events'

/** Marks of the events that control consumers, in the table of event types. */
const CONTROL: readonly string[] = ['ticked', 'ruled', 'viewed', 'erased', 'redriven']

/** Returns the topic of an event type. A type that our table does not have is one that inputs bring. */
export function signalOfType(eventTypes: EventTypes, type: string): string {
  return eventTypes.get(type)?.topic ?? BROUGHT_SIGNAL
}

/** Returns whether an event in the topic of a stream is one of its rows. */
export function isRowOfStream({ types, input }: Pick<StreamPlan, 'types' | 'input'>, event: Event): boolean {
  if (input !== undefined && findOriginTopic(event, INTAKE) !== input) return false
  const { type } = event
  if (types) return types.includes(type)
  return !Object.hasOwn(EVENT_TYPES, type) || !CONTROL.includes(EVENT_TYPES[type as EventType].topic)
}

/** Returns the types of the events that tables read. @param brought types that inputs bring */
export function listTableTypes(eventTypes: EventTypes, brought: readonly string[] = []): readonly string[] {
  const own = [...eventTypes].filter(([, { topic }]) => TABLE_SIGNALS.includes(topic))
  return [...own.map(([type]) => type), ...brought]
}
