import { matchesAnyPattern } from '../support/text-match.ts'
import { tableSource } from '../views/event-names.ts'
import type { Condition, Measure } from './condition.ts'

export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Possible effects on a rule when an entity has been silent for `staleAfter`. */
export const ON_SILENCE = ['keep', 'ok', 'alert', 'no-data'] as const
export type OnSilence = (typeof ON_SILENCE)[number]

/** Condition on the readings that a rule watches. For every key, a reading must have one of the allowed texts. */
export interface Match {
  readonly dimensions: readonly (readonly [string, readonly string[]])[]
  /** Patterns of the allowed subjects of the readings; see `matchesEntity`. */
  readonly entities?: readonly string[]
  readonly tags: readonly (readonly [tag: string, texts: readonly string[]])[]
  /** Allowed texts by column, for rows of a table. */
  readonly columns?: readonly (readonly [column: string, texts: readonly string[]])[]
}

/** Returns whether a condition allows readings of an entity. @param subject subject of the entity; undefined if it has none */
export function matchesEntity({ entities }: Pick<Match, 'entities'>, subject: string | undefined): boolean {
  return entities === undefined || matchesAnyPattern(entities, subject ?? '')
}

/** Alert rule, after validation and with defaults filled in. `config/rules/README.md` describes how to write one. */
export interface Rule {
  readonly name: string
  /** Family of the readings that the rule watches; absent if it watches the rows of a table. */
  readonly family?: string
  /** Table that the rule watches; absent if it watches readings. */
  readonly table?: string
  /** Metric or state of the family, or column of the table. Thresholds are in the unit of the metric. */
  readonly metric: string
  /** Unit of the metric; absent for a state, and for the column of a table. */
  readonly unit?: string
  /** Condition that readings must meet; absent if the rule watches every reading of the family or row of the table. */
  readonly match?: Match
  readonly condition: Condition
  /** Measure that derives the number to compare; absent if the value itself is compared. */
  readonly measure?: Measure
  /** True if the rule compares what its metric is no more, since the family has changed. It is not evaluated. */
  readonly isUnfit?: boolean
  /** Duration for which the condition must hold before the alert fires. With 0, the alert fires at once. */
  readonly forMs: number
  /** Duration for which an alert keeps firing after its value has cleared. With 0, the alert resolves at once. */
  readonly keepFiringForMs: number
  /** Duration without a reading after which an entity counts as silent; 0 to ignore silence. */
  readonly staleAfterMs: number
  readonly onSilence: OnSilence
  readonly severity: Severity
  readonly labels: Readonly<Record<string, string>>
  /** Template of the summary, see `summary.ts`. */
  readonly summary: string
  /** True if the rule is paused. A paused rule is not evaluated, and its firing alerts are resolved. */
  readonly paused: boolean
}

/**
 * Returns the identity of a rule: its name and labels, such as `HIGH_TEMP{team="ops"}`. An edit of thresholds, durations or texts
 * does not change the identity, so that a firing alert continues. Rules with different names or labels never have the same
 * identity.
 */
export function getRuleIdentity({ name, labels }: Pick<Rule, 'name' | 'labels'>): string {
  // Sort by code unit instead of locale. Ids are derived from this text, so it must not depend on the environment.
  const pairs = Object.keys(labels)
    .sort()
    .map(label => `${label}=${JSON.stringify(labels[label])}`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

/** Returns the name of the events that a rule watches: the family of readings, or the source of a table's changes. */
export function watchedBy({ family, table }: Pick<Rule, 'family' | 'table'>): string {
  return table === undefined ? String(family) : tableSource(table)
}
