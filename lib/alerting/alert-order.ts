/** The order of the alerts of a fingerprint. Only one of them can fire at a time, so those before the latest are over. Pure. */
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
 * Returns whether an alert lies before another one. In doubt it does not: sequences begin again in a new topic, and an alert that is
 * computed anew may begin before the one that it replaces. A new alert that is taken for an old one would be lost.
 */
export function isBefore(one: OrderedAlert, other: OrderedAlert): boolean {
  const laterMs = Date.parse(other.startedAt) - Date.parse(one.startedAt)
  if (one.sequence === undefined || other.sequence === undefined) return laterMs > 0
  return laterMs >= 0 && one.sequence < other.sequence
}
