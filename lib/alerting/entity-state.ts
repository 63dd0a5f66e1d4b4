/** State of alerting for an entity, stored as JSON. `lib/tables/conditions.ts` also reads it. */
import type { FiredAlert } from './alert.ts'
import type { PatternStates } from './patterns/state.ts'
import type { RuleState } from './rule-state.ts'
import type { Compared } from './summary.ts'

/** Pending timers, in milliseconds since the epoch. */
export interface SetTimers {
  /** Ends of durations. A later event of the entity reaches them, too. */
  readonly wakeUps?: readonly number[]
  /** Silences and their consequences. Only the log's clock reaches them. */
  readonly silences?: readonly number[]
  /** Next check whether the rules of the entity's alerts still exist. */
  readonly checkMs?: number
}

/**
 * State of an entity. Inactive rules are not stored: they need only the time when their metric was last seen, which
 * all rules of a metric share.
 */
export interface AlertingState extends SetTimers {
  /** Metric → when it was last seen, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** Tracked rules by rule and metric, see `rules-in-force.ts`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
  /** State of the kinds that compare new readings with earlier ones, see `kinds/kind.ts`; by `historyKey` of the rules. */
  readonly history?: AlertingHistory
  /** Time of the clock's last tick, in milliseconds since the epoch; see `pipeline-down.ts`. Only in the clock's state. */
  readonly lastTickMs?: number
  /** States of the rules over several readings. */
  readonly patterns?: PatternStates
}

/** State of kinds by history key. */
export type AlertingHistory = Readonly<Record<string, object>>

/**
 * `alert` is set while firing or recovering: the resolved event repeats it, even if the rule was removed meanwhile. `noData` is
 * the alert of `onSilence: no-data`, until data returns. `compared` is the last comparison, while the rule is pending by
 * a value: it may fire without another reading.
 */
export interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
  readonly noData?: FiredAlert
  readonly compared?: Compared
}
