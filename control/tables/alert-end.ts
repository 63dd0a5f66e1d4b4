/** Words for the reasons for which alerts fire and resolve. Pure. */
import type { AlertSummary } from './alert-summary.ts'

const REASONS: Readonly<Record<string, string>> = {
  condition: 'its condition held',
  silent: 'the entity was silent',
  'no-ticks': 'the clock of the log stopped',
  pattern: 'its pattern occurred',
  cleared: 'the value cleared',
  'data-returned': 'the entity reports again',
  'rule-removed': 'its rule was removed',
  'rule-paused': 'its rule was paused',
  'rule-unfit': 'its rule does not go with what the metric is now',
  'not-matched': 'its rule no longer matches the entity, or its row has ended',
  forgotten: 'the entity has not reported for days',
  erased: 'an operator erased the entity',
  'ticks-returned': 'the clock of the log runs again',
  reprocessed: 'its state was recomputed from the log',
}

/** Returns what resolved an alert: the value that cleared it, or the reason. */
export function describeEnd({ clearedBy, reason }: Pick<AlertSummary, 'clearedBy' | 'reason'>): string {
  return clearedBy ?? describeReason(reason)
}

/** Describes why an alert fired or resolved. The text can be inserted into a sentence. */
export function describeReason(reason: string | null | undefined): string {
  return reason ? (REASONS[reason] ?? reason) : ''
}

/** Difference from which the event time is shown beside the time at which an alert changed, in milliseconds. */
const DELAYED_MS = 60_000

/** Returns the time of the latest event, RFC 3339; null if the event was written at about that time. */
export function findEventTime({
  changedAt,
  endedAt,
  startedAt,
}: Pick<AlertSummary, 'changedAt' | 'endedAt' | 'startedAt'>): string | null {
  const eventAt = endedAt ?? startedAt
  return Math.abs(Date.parse(changedAt) - Date.parse(eventAt)) >= DELAYED_MS ? eventAt : null
}
