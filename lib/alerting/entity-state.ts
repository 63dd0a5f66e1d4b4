/** What alerting remembers of an entity. It is stored as JSON; whoever reads it elsewhere finds it in `lib/queries/alerts.ts`. */
import type { FiredAlert } from './alert.ts'
import type { History } from './history.ts'
import type { RuleState } from './rule-state.ts'

/**
 * The state of an entity. Inactive rules are not stored as a rule: they need only the time when their metric was last seen, which
 * all rules of a metric share.
 */
export interface AlertingState {
  /** Metric → when it was last seen, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** By rule and metric, see `rules-in-force.ts`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
  /** What rules compare new readings with, by what they compare. */
  readonly history?: Readonly<Record<string, History>>
  /** When the entity's timers are due, in milliseconds since the epoch. */
  readonly wakeUps?: readonly number[]
}

/**
 * `alert` is set while firing or recovering: the resolved event repeats it, even if the rule was removed meanwhile. `noData` is
 * the alert of `onSilence: no-data`, until data returns.
 */
export interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
  readonly noData?: FiredAlert
}
