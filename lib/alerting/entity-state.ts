/** State of alerting for an entity, stored as JSON. `lib/tables/conditions.ts` also reads it. */
import type { FiredAlert } from './alert.ts'
import type { PatternStates } from './patterns/state.ts'
import type { RuleState } from './rule-state.ts'
import type { Compared } from './summary.ts'

/** Pending timers, in milliseconds since the epoch. */
export interface SetTimers {
  /** Times at which durations end. A later event of the entity also triggers these changes. */
  readonly wakeUps?: readonly number[]
  /** Times at which silences take effect. Only the log's clock triggers these changes. */
  readonly silences?: readonly number[]
  /** Time of the next check whether the rules of the entity's alerts still exist. */
  readonly checkMs?: number
}

/**
 * State of an entity. Inactive rules are not stored: they need only the time of their metric's last reading,
 * which `seen` has for all rules of the metric.
 */
export interface AlertingState extends SetTimers {
  /** Time of the last reading of each metric, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** Tracked rules by state key (rule and metric), see `rules-in-force.ts`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
  /** State of the kinds that compare new readings with earlier ones, by the `historyKey` of their rules. See `kinds/kind.ts`. */
  readonly history?: AlertingHistory
  /**
   * Time of the clock's last tick, in milliseconds since the epoch. Present only in the state of the clock, see `pipeline-down.ts`.
   */
  readonly lastTickMs?: number
  /** State of the rules over several events. */
  readonly patterns?: PatternStates
}

/** State of kinds by history key. */
export type AlertingHistory = Readonly<Record<string, object>>

/**
 * State of a rule for one entity, with its alerts. `alert` is present while the rule is firing or recovering: the resolved event
 * repeats it, even if the rule was removed meanwhile. `noData` is the alert of `onSilence: no-data`, until data returns. `compared`
 * is the last comparison, present while a value makes the rule pending: the rule may fire without another reading.
 */
export interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
  readonly noData?: FiredAlert
  readonly compared?: Compared
}
