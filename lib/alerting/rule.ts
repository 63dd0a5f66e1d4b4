import type { FamilyName } from '../telemetry/families.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** An alert rule, checked and with defaults filled in. `rules/README.md` describes how to write one. */
export interface Rule {
  readonly name: string
  readonly family: FamilyName
  /** A metric of the family; thresholds are in the metric's own unit. */
  readonly metric: string
  /** The bad side of the thresholds. A value equal to the threshold is not on it. */
  readonly beyond: 'above' | 'below'
  readonly fireThreshold: number
  /** Where a firing alert clears. Equals the fire threshold unless the rule has hysteresis. */
  readonly clearThreshold: number
  /** How long the value must stay beyond the fire threshold. 0 fires at once. */
  readonly forMs: number
  /** How long an alert keeps firing after its value has cleared. 0 resolves at once. */
  readonly keepFiringForMs: number
  /** The longest silence that a pending alert survives. 0 means no limit. */
  readonly staleAfterMs: number
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  /** A template, see `summary.ts`. */
  readonly summary: string
}

/** Strictly on the bad side: 40 is not beyond 40. */
export function isBeyond(beyond: Rule['beyond'], value: number, threshold: number): boolean {
  return beyond === 'above' ? value > threshold : value < threshold
}

/**
 * The identity of a rule, which survives edits: its name and labels, `HIGH_TEMP{team="ops"}`. Thresholds, durations and
 * texts may change while an alert fires. Different names or label sets never have the same identity.
 */
export function identityOf({ name, labels }: Pick<Rule, 'name' | 'labels'>): string {
  // Sorted by code unit, not by locale: ids are derived from this, so it must be the same on every machine.
  const pairs = Object.keys(labels)
    .sort()
    .map(label => `${label}=${JSON.stringify(labels[label])}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
