/** The events on the alerts topic: an alert fires, and later the same alert resolves, exactly once. */

import { derivedId } from '../runtime/consumer/derived-id.ts'
import type { Received } from '../runtime/consumer/event.ts'
import { instant } from '../runtime/consumer/instant.ts'
import type { Emission } from '../runtime/consumer/process.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import type { FamilyName } from '../telemetry/families.ts'
import { identityOf, type Rule, type Severity } from './rule.ts'
import { renderSummary } from './summary.ts'
import type { Observation } from './transition.ts'

export const ALERT_FIRED_TYPE = 'io.sluice.alert.fired.v1'
export const ALERT_RESOLVED_TYPE = 'io.sluice.alert.resolved.v1'

export type Alert = FiredAlert | ResolvedAlert

interface AlertFacts {
  /** Identifies one alert from firing to resolving. The next alert of the same rule and entity gets another id. */
  readonly alertId: string
  /** Identifies the rule (name and labels) and the entity. All their alerts share it; it is also the record key. */
  readonly fingerprint: string
  /** The rule's name. */
  readonly rule: string
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly entity: { readonly source: string; readonly subject?: string }
  readonly family: FamilyName
  readonly metric: string
  /** The value that decided, and the threshold it was compared with. If the rule was removed: those of the firing. */
  readonly value: number
  readonly threshold: number
  /** RFC 3339: when the value went beyond the threshold, and when it had been there for the rule's `for`. */
  readonly activeAt: string
  readonly firedAt: string
}

/** Data of `io.sluice.alert.fired.v1`. */
export interface FiredAlert extends AlertFacts {
  readonly status: 'firing'
}

/** Data of `io.sluice.alert.resolved.v1`. Severity, labels and summary are those of the firing, even if edited since. */
export interface ResolvedAlert extends AlertFacts {
  readonly status: 'resolved'
  /** RFC 3339. */
  readonly resolvedAt: string
  readonly reason: ResolvedReason
}

/** `forgotten`: the entity has not reported for days. `erased`: an operator has erased it. */
type ResolvedReason = 'cleared' | 'rule-removed' | 'forgotten' | 'erased'

/** The alert that `event` fires. Its id is derived from the event, not the time: an instant can hold two alerts of a rule. */
export function firedAlert(
  rule: Rule,
  event: Pick<Received, 'id' | 'source' | 'subject' | 'entity'>,
  { timeMs, value }: Observation,
  activeAtMs: number,
): FiredAlert {
  const fingerprint = derivedId(identityOf(rule), event.entity)
  const entity = {
    source: event.source,
    ...(event.subject === undefined ? {} : { subject: event.subject }),
  }
  return {
    alertId: derivedId(fingerprint, event.source, event.id),
    fingerprint,
    rule: rule.name,
    severity: rule.severity,
    status: 'firing',
    labels: rule.labels,
    summary: renderSummary(rule, value, entity),
    entity,
    family: rule.family,
    metric: rule.metric,
    value,
    threshold: rule.fireThreshold,
    activeAt: instant(activeAtMs),
    firedAt: instant(timeMs),
  }
}

/** @param ended the value and threshold that cleared it, or why it ended without an observation */
export function resolvedAlert(
  alert: FiredAlert,
  resolvedAtMs: number,
  ended: Exclude<ResolvedReason, 'cleared'> | { readonly value: number; readonly threshold: number },
): ResolvedAlert {
  const isCleared = typeof ended === 'object'
  return {
    ...alert,
    ...(isCleared ? ended : {}),
    status: 'resolved',
    resolvedAt: instant(resolvedAtMs),
    reason: isCleared ? 'cleared' : ended,
  }
}

export function alertEmission(alert: Alert, event: Pick<Received, 'entity'>): Emission {
  const type = alert.status === 'firing' ? ALERT_FIRED_TYPE : ALERT_RESOLVED_TYPE
  return {
    name: `${alert.status} ${alert.fingerprint}`,
    to: 'alerts',
    key: alert.fingerprint,
    type,
    source: '/alerting',
    subject: `${alert.rule} ${event.entity}`,
    dataschema: dataschemaOf(type),
    data: alert,
  }
}
