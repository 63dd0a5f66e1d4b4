import type { Dimension, FamilyName } from '../telemetry/families.ts'
import type { Condition, Measure } from './condition.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Effect on a rule when its entity has been silent for `staleAfter`. */
export const ON_SILENCE = ['keep', 'ok', 'alert', 'no-data'] as const
export type OnSilence = (typeof ON_SILENCE)[number]

/** Readings of the family that a rule watches. A reading must have one of the texts of every key. */
export interface Match {
  readonly dimensions: readonly (readonly [Dimension, readonly string[]])[]
  /** Subjects of the readings. */
  readonly entities?: readonly string[]
  readonly tags: readonly (readonly [tag: string, texts: readonly string[]])[]
}

/** An alert rule, checked and with defaults filled in. `config/rules/README.md` describes how to write one. */
export interface Rule {
  readonly name: string
  readonly family: FamilyName
  /** Metric of the family, in whose unit the thresholds are; or one of its states. */
  readonly metric: string
  /** Selection of readings; by default every reading of the family. */
  readonly match?: Match
  readonly condition: Condition
  /** Derived number to compare; by default the value itself. */
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
  /** Template, see `summary.ts`. */
  readonly summary: string
  /** Whether the rule is paused: not evaluated, and a firing alert is resolved. */
  readonly paused: boolean
}

/**
 * Returns the identity of a rule, which survives edits: its name and labels, `HIGH_TEMP{team="ops"}`. Thresholds, durations and
 * texts may change while an alert fires. Different names or label sets never have the same identity.
 */
export function identityOf({ name, labels }: Pick<Rule, 'name' | 'labels'>): string {
  // Sorted by code unit, not by locale: ids are derived from this, so it must be the same on every machine.
  const pairs = Object.keys(labels)
    .sort()
    .map(label => `${label}=${JSON.stringify(labels[label])}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}
