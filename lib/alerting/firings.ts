/** Alerts with their start and end times, computed from the events in a range of the log. Pure. */
import { formatEntity } from '#runtime/consumer'
import { type Alert, NO_DATA } from './alert.ts'
import { type AnyRule, isPatternRule } from './patterns/pattern.ts'
import { getRuleIdentity } from './rule.ts'

/** Alert with its start and end times. */
export interface Firing {
  /** Name and labels of the rule. */
  readonly rule: string
  /** Source and subject of the entity. */
  readonly entity: string
  /** Metric of the alert; undefined if the alert is not about a single metric. */
  readonly metric: string | undefined
  /**
   * Time at which the alert fired, in milliseconds since the epoch. `toMs` is the time at which it resolved, or `Infinity` if it
   * was still firing at the end of the range.
   */
  readonly fromMs: number
  readonly toMs: number
  /** Value that was compared with the threshold. */
  readonly value?: number | string
}

/**
 * Returns the alerts that fired in a range, in order. Events of an alert may arrive several times, because each partition reports a
 * stopped clock. The alert ends with the first event that resolves it.
 */
export function collectFirings(alerts: readonly Alert[]): readonly Firing[] {
  const fired = new Map<string, Alert>()
  const ends = new Map<string, number>()
  for (const alert of alerts) {
    const { alertId } = alert
    if (!fired.has(alertId)) fired.set(alertId, alert)
    if (alert.status !== 'resolved') continue
    ends.set(alertId, Math.min(Date.parse(alert.endedAt), ends.get(alertId) ?? Infinity))
  }
  return [...fired.values()].map(({ rule, labels, entity, metric, startedAt, alertId, value, state }) => {
    const shown = value ?? state
    return {
      rule: getRuleIdentity({ name: rule, labels }),
      entity: formatEntity(entity),
      metric,
      fromMs: Date.parse(startedAt),
      toMs: ends.get(alertId) ?? Number.POSITIVE_INFINITY,
      ...(shown === undefined ? {} : { value: shown }),
    }
  })
}

/**
 * Returns the identities of all alerts that a rule can fire. With `onSilence: no-data`, the identity of its `NoData` alerts is
 * included.
 */
export function listIdentities(rule: AnyRule): readonly string[] {
  if (isPatternRule(rule)) return [getRuleIdentity(rule)]
  const { name, labels, onSilence } = rule
  const noData = getRuleIdentity({ name: NO_DATA, labels: { ...labels, rule: name } })
  return [getRuleIdentity(rule), ...(onSilence === 'no-data' ? [noData] : [])]
}
