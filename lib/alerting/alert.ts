/** Events of the alerts topic. Each alert fires and later resolves, and each of these two events is published exactly once. */

import { attributeText, derivedId, instant, type Received, type Step } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import type { AlertFired, AlertResolved } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { getRuleIdentity, type Rule } from './rule.ts'
import { type Compared, renderSummary, silenceSummary } from './summary.ts'

export const ALERT_FIRED_TYPE = 'io.sluice.alert.fired.v1' satisfies EventType
export const ALERT_RESOLVED_TYPE = 'io.sluice.alert.resolved.v1' satisfies EventType

export type Alert = FiredAlert | ResolvedAlert

/** Data of `io.sluice.alert.fired.v1`. */
export interface FiredAlert extends AlertFired {
  readonly reason: FiredReason
}

/**
 * Data of `io.sluice.alert.resolved.v1`. Severity, labels and summary are copied from the fired event, even if the rule was edited
 * since.
 */
export interface ResolvedAlert extends AlertResolved {
  readonly reason: ResolvedReason
}

/**
 * Reason for which an alert fired.
 * - `silent`: the entity has stopped reporting, and the rule treats silence as a bad value or fires the alert `NoData`.
 * - `no-ticks`: the log's clock has stopped.
 * - `pattern`: the events of a pattern have arrived.
 */
type FiredReason = 'condition' | 'silent' | 'no-ticks' | 'pattern'

/**
 * Reason for which an alert resolved.
 * - `silent`: the entity has stopped reporting, and the rule resolves on silence.
 * - `data-returned`: the entity reports again.
 * - `forgotten`: the entity has not reported for days.
 * - `erased`: an operator erased the entity with an earlier version of Sluice.
 * - `ticks-returned`: the ticks of the log's clock resumed.
 * - `reprocessed`: the alert does not fire in the state that was rebuilt from the log.
 */
export type ResolvedReason =
  | 'cleared'
  | 'silent'
  | 'data-returned'
  | 'rule-removed'
  | 'rule-paused'
  | 'rule-unfit'
  | 'not-matched'
  | 'forgotten'
  | 'erased'
  | 'ticks-returned'
  | 'reprocessed'

/**
 * Rule name of the alerts that a rule with `onSilence: no-data` fires for a silent entity. The label `rule` of such an alert
 * contains the name of the original rule.
 */
export const NO_DATA = 'NoData'

type Entity = Pick<Received, 'source' | 'subject' | 'entity'>

export interface Firing extends Compared {
  readonly activeAtMs: number
  readonly firedAtMs: number
}

/**
 * Returns the alert that an event fires. The alert id is derived from the event id, because a rule can fire twice at the same time.
 */
export function firedAlert(rule: Rule, event: Entity & Pick<Received, 'id'>, firing: Firing): FiredAlert {
  const entity = getEntity(event)
  const facts = buildAlertFields(rule, event, firing, renderSummary(rule, firing, entity))
  return { ...facts, alertId: derivedId(facts.fingerprint, event.source, event.id), reason: 'condition' }
}

/**
 * Returns the alert that fires when the `for` duration of a rule ends without a new reading. The alert id is derived from the time
 * at which the alert fires, which is unique.
 */
export function heldAlert(rule: Rule, entity: Entity, firing: Firing): FiredAlert {
  const facts = buildAlertFields(rule, entity, firing, renderSummary(rule, firing, getEntity(entity)))
  return { ...facts, alertId: derivedId(facts.fingerprint, 'held', firing.firedAtMs), reason: 'condition' }
}

/** Returns true if the alert fired when the `for` duration of its rule ended, and not at a reading. */
export function isHeld({ alertId, fingerprint, startedAt }: Alert): boolean {
  return alertId === derivedId(fingerprint, 'held', Date.parse(startedAt))
}

/**
 * Returns the alert that fires because an entity is silent. The alert id is derived from the time at which the alert fires, which
 * is unique.
 */
export function silentAlert(rule: Rule, entity: Entity, firing: Firing): FiredAlert {
  const facts = buildAlertFields(rule, entity, firing, silenceSummary(rule, getEntity(entity)))
  return { ...facts, alertId: derivedId(facts.fingerprint, 'silent', firing.firedAtMs), reason: 'silent' }
}

/**
 * Returns the rule for the `NoData` alerts of a rule. It has its own identity, so that these alerts are separate from the other
 * alerts of the rule.
 */
export function noDataRule(rule: Rule): Rule {
  return { ...rule, name: NO_DATA, labels: { ...rule.labels, rule: rule.name } }
}

function buildAlertFields(rule: Rule, event: Entity, firing: Firing, summary: string) {
  const { value, threshold, measured, words, activeAtMs, firedAtMs } = firing
  const family = rule.table ?? rule.family
  return {
    fingerprint: derivedId(getRuleIdentity(rule), event.entity),
    rule: rule.name,
    severity: rule.severity,
    status: 'firing',
    labels: rule.labels,
    summary,
    entity: getEntity(event),
    ...(family === undefined ? {} : { family }),
    metric: rule.metric,
    ...comparedFields({ value, threshold, measured, words }),
    activeAt: instant(activeAtMs),
    startedAt: instant(firedAtMs),
  } as const
}

function getEntity({ source, subject }: Entity): Alert['entity'] {
  return { source, ...(subject === undefined ? {} : { subject }) }
}

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

function comparedFields({ value, threshold, measured, words }: Optional<Compared>) {
  return {
    ...(typeof value === 'number' ? { value } : {}),
    ...(threshold === undefined ? {} : { threshold }),
    ...(measured === undefined ? {} : { measured }),
    ...(typeof value === 'string' ? { state: value } : {}),
    ...words,
  }
}

/**
 * Returns the data of the event that resolves an alert.
 *
 * @param compared comparison that cleared the alert; undefined if the alert resolved for another reason
 */
export function resolvedAlert(
  alert: FiredAlert,
  resolvedAtMs: number,
  reason: ResolvedReason,
  compared: Compared = {},
): ResolvedAlert {
  return {
    ...alert,
    // The expected value, and why the value was unusual, stay those of the firing.
    ...comparedFields({ ...compared, words: undefined }),
    status: 'resolved',
    endedAt: instant(resolvedAtMs),
    reason,
  }
}

/** @param name name of the emission, which is unique within the step */
export function emitAlert(
  step: Pick<Step, 'emit'>,
  alert: Alert,
  { entity }: Pick<Received, 'entity'>,
  name = `${alert.status} ${alert.fingerprint}`,
): void {
  const type = alert.status === 'firing' ? ALERT_FIRED_TYPE : ALERT_RESOLVED_TYPE
  step.emit('alerts', name, alert, {
    key: alert.fingerprint,
    type,
    source: '/alerting',
    subject: attributeText(`${alert.rule} ${entity}`),
    dataschema: toDataschema(type),
  })
}
