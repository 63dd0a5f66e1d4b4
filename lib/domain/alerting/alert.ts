/** The events on the alerts topic: an alert fired, and later, exactly once, the same alert resolved. */
import { dataschemaOf } from '../dataschema.ts'
import { derivedId } from '../derived-id.ts'
import type { Received } from '../event.ts'
import { instant } from '../instant.ts'
import type { Emission } from '../process.ts'
import type { FamilyName } from '../telemetry/families.ts'
import { identityOf, type Rule, type Severity } from './rule.ts'
import { renderSummary } from './summary.ts'
import type { Observation } from './transition.ts'

export const ALERT_FIRED_TYPE = 'io.sluice.alert.fired.v1'
export const ALERT_RESOLVED_TYPE = 'io.sluice.alert.resolved.v1'

export type Alert = FiredAlert | ResolvedAlert

interface AlertFacts {
  /** This one alert, from its firing to its resolving. The next one of the same rule and entity has another. */
  readonly alertId: string
  /** The rule (name and labels) and the entity: the same for every alert of theirs, and the record key. */
  readonly fingerprint: string
  /** The rule's name. */
  readonly rule: string
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly entity: { readonly source: string; readonly subject?: string }
  readonly family: FamilyName
  readonly metric: string
  /** The value that decided, and what it was held against. A removed rule repeats those of its firing. */
  readonly value: number
  readonly threshold: number
  /** RFC 3339: since when the value was beyond the threshold, and since when that was for long enough. */
  readonly activeAt: string
  readonly firedAt: string
}

/** Data of `io.sluice.alert.fired.v1`. */
export interface FiredAlert extends AlertFacts {
  readonly status: 'firing'
}

/** Data of `io.sluice.alert.resolved.v1`. Severity, labels and summary are those of its firing, even if edited since. */
export interface ResolvedAlert extends AlertFacts {
  readonly status: 'resolved'
  /** RFC 3339. */
  readonly resolvedAt: string
  readonly reason: ResolvedReason
}

/** `forgotten`: the entity was not heard of for days. */
type ResolvedReason = 'cleared' | 'rule-removed' | 'forgotten'

/** The alert that `event` made fire. Its id follows from that event: one instant can hold two alerts, never one event. */
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

/** @param ended by which observation, and at which threshold, it was cleared; or why it ended without one */
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
