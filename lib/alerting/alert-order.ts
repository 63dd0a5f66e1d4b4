/** Order of the alerts of a fingerprint. Only one fires at a time, so all before the latest have ended. Pure. */
import { type Event, entityOf } from '../../packages/runtime/consumer/event.ts'
import type { Alert } from './alert.ts'
import { isClock } from './pipeline-down.ts'

/** An alert among those of its fingerprint. */
export interface OrderedAlert extends Pick<Alert, 'alertId' | 'startedAt'> {
  /** CloudEvents `sequence` of its latest event; absent if the events of the alert have no common order. */
  readonly sequence?: string | undefined
}

/** Returns the alert of an event. Every partition of readings reports that the pipeline is down, each with sequences of its own. */
export function orderedAlert(
  { alertId, startedAt, entity }: Alert,
  { extensions }: Pick<Event, 'extensions'>,
): OrderedAlert {
  const sequence = isClock({ entity: entityOf(entity) }) ? undefined : extensions?.sequence
  return { alertId, startedAt, sequence }
}

/**
 * Returns whether an alert certainly precedes another one. Sequences restart in a new topic, and a recomputed alert
 * may begin before the one that it replaces. A new alert mistaken for an old one would be lost.
 */
export function isBefore(one: OrderedAlert, other: OrderedAlert): boolean {
  const laterMs = Date.parse(other.startedAt) - Date.parse(one.startedAt)
  if (one.sequence === undefined || other.sequence === undefined) return laterMs > 0
  return laterMs >= 0 && one.sequence < other.sequence
}
