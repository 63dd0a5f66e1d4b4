/** Describes why an alert fired or resolved. Pure. */
import type { AlertResolved } from '../schemas/types.ts'
import { groupText } from '../support/group-text.ts'
import { formatQuantity, shortNumber } from '../support/short-number.ts'
import type { Families } from '../telemetry/families.ts'
import type { Alert } from './alert.ts'
import { findUnit } from './rule-row.ts'

/** Returns the value that cleared an alert, such as `temperature is 21.3 °C`; undefined if it resolved for another reason. */
export function describeClearing(families: Families, alert: AlertResolved): string | undefined {
  return alert.reason === 'cleared' ? describeValue(families, alert) : undefined
}

/** Returns the value of an alert, such as `temperature is 52 °C`; undefined for an alert without one. */
export function describeValue(families: Families, alert: Alert | AlertResolved): string | undefined {
  const { family, metric, measured, value = alert.state, threshold } = alert
  const own = measured ?? value
  if (metric === undefined || own === undefined) return undefined
  const shown =
    typeof own === 'number'
      ? formatQuantity(shortNumber(own, [threshold]), findUnit(families, family, metric))
      : own
  return `${metric} is ${shown}`
}

/** Returns the status of an alert with its sign, such as `▲ fired   `, and the reason for it. */
export function describeStatus(
  families: Families,
  alert: Alert,
): { readonly status: string; readonly why: string } {
  if (alert.status === 'firing') return { status: '▲ fired   ', why: alert.summary }
  const { subject, source } = alert.entity
  const cleared = describeClearing(families, alert) ?? alert.reason
  return { status: '▽ resolved', why: `${groupText(subject ?? source)}: ${cleared}` }
}
