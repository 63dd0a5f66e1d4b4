/**
 * Order of the alerts that share a fingerprint. Only one of them fires at a time: when an alert fires, all earlier ones have ended.
 * Pure.
 */
import { type Event, formatEntity } from '#runtime/consumer'
import type { Alert } from './alert.ts'
import { isClock } from './pipeline-down.ts'

/** Alert with the properties that determine its order. */
export interface OrderedAlert extends Pick<Alert, 'alertId' | 'startedAt'> {
  /**
   * CloudEvents `sequence` of the alert's latest event. Absent for an alert that is reported by several partitions, because their
   * sequences are not comparable.
   */
  readonly sequence?: string | undefined
}

/**
 * Returns the alert of an event, with the properties that determine its order. `PIPELINE_DOWN` has no sequence, because every
 * partition of readings reports it with a different one.
 */
export function orderedAlert(
  { alertId, startedAt, entity }: Alert,
  { extensions }: Pick<Event, 'extensions'>,
): OrderedAlert {
  const sequence = isClock({ entity: formatEntity(entity) }) ? undefined : extensions?.sequence
  return { alertId, startedAt, sequence }
}

/**
 * Returns whether `one` certainly precedes `other`. Sequences restart in a new topic, and a recomputed alert may begin before the
 * alert that it replaces. Therefore the start times are compared as well. If in doubt, the result is false: a new alert that is
 * mistaken for an old one would be lost.
 */
export function isBefore(alert: OrderedAlert, other: OrderedAlert): boolean {
  const laterMs = Date.parse(other.startedAt) - Date.parse(alert.startedAt)
  if (alert.sequence === undefined || other.sequence === undefined) return laterMs > 0
  return laterMs >= 0 && alert.sequence < other.sequence
}
