import type { Dimension, FamilyName } from '../telemetry/families.ts'
import type { Condition, Measure } from './condition.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Effects that a silence of the entity for `staleAfter` can have on a rule. */
export const ON_SILENCE = ['keep', 'ok', 'alert', 'no-data'] as const
export type OnSilence = (typeof ON_SILENCE)[number]

/** Selection of the readings of a family. A reading must have one of the allowed texts under every key. */
export interface Match {
  readonly dimensions: readonly (readonly [Dimension, readonly string[]])[]
  /** Allowed subjects of the readings. */
  readonly entities?: readonly string[]
  readonly tags: readonly (readonly [tag: string, texts: readonly string[]])[]
}

/** An alert rule, checked and with defaults filled in. `config/rules/README.md` describes how to write one. */
export interface Rule {
  readonly name: string
  readonly family: FamilyName
  /** Metric or state of the family. Thresholds have the unit of the metric. */
  readonly metric: string
  /** Selection of readings; absent if the rule watches every reading of the family. */
  readonly match?: Match
  readonly condition: Condition
  /** Measure that derives the number to compare; absent if the value itself is compared. */
  readonly measure?: Measure
  /** Time for which the condition must hold. 0 fires at once. */
  readonly forMs: number
  /** Time for which an alert keeps firing after its value has cleared. 0 resolves at once. */
  readonly keepFiringForMs: number
  /** Time without a reading after which an entity is silent. 0 means never. */
  readonly staleAfterMs: number
  readonly onSilence: OnSilence
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  /** Template of the summary, see `summary.ts`. */
  readonly summary: string
  /** True if the rule is paused: it is not evaluated, and its firing alerts are resolved. */
  readonly paused: boolean
}

/**
 * Returns the identity of a rule, which consists of its name and labels, such as `HIGH_TEMP{team="ops"}`.
 * Edits of thresholds, durations and texts do not change it, so an alert continues to fire. Rules with
 * different names or labels never have the same identity.
 */
export function identityOf({ name, labels }: Pick<Rule, 'name' | 'labels'>): string {
  // Sorted by code unit instead of locale: ids are derived from this text, so it must be the same on every machine.
  const pairs = Object.keys(labels)
    .sort()
    .map(label => `${label}=${JSON.stringify(labels[label])}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
