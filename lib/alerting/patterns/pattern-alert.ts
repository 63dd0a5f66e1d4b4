/** Alerts of patterns. They use the same events as other alerts, but have no metric. */
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { Received } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import type { Emission } from '../../../packages/runtime/consumer/process.ts'
import { type Alert, alertEmission, type FiredAlert } from '../alert.ts'
import { identityOf } from '../rule.ts'
import type { PatternChange } from './draft.ts'
import type { PatternRule } from './pattern.ts'
import { renderPatternSummary } from './pattern-summary.ts'

export type Entity = Pick<Received, 'source' | 'subject' | 'entity'>

/**
 * Returns the alert that a pattern fires.
 *
 * @param cause event that completed the pattern; undefined if a timer fired the alert
 */
export function patternAlert(
  rule: PatternRule,
  { source, subject, entity }: Entity,
  { atMs, activeAtMs }: PatternChange,
  cause: Pick<Received, 'source' | 'id'> | undefined,
): FiredAlert {
  const about = { source, ...(subject === undefined ? {} : { subject }) }
  const fingerprint = derivedId(identityOf(rule), entity)
  const because = cause ? [cause.source, cause.id] : ['absence', atMs]
  const { pattern } = rule
  return {
    alertId: derivedId(fingerprint, 'pattern', ...because),
    fingerprint,
    rule: rule.name,
    severity: rule.severity,
    status: 'firing',
    labels: rule.labels,
    summary: renderPatternSummary(rule, about),
    entity: about,
    ...(pattern.kind === 'count' ? { value: pattern.count, threshold: pattern.count } : {}),
    activeAt: instant(activeAtMs),
    startedAt: instant(atMs),
    reason: 'pattern',
  }
}

/** Returns the emission of an alert. Its name contains the alert id, because one step can resolve two alerts of the same rule. */
export function patternEmission(alert: Alert, entity: Pick<Entity, 'entity'>): Emission {
  return { ...alertEmission(alert, entity), name: `${alert.status} ${alert.alertId}` }
}
