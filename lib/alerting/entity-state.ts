/** State of alerting for one entity, stored as JSON. `control/tables/conditions.ts` also reads it. */
import type { FiredAlert } from './alert.ts'
import type { RuleState } from './rule-state.ts'
import type { Compared } from './summary.ts'

/** Due times of the pending timers, in milliseconds since the epoch. */
export interface SetTimers {
  /**
   * Times at which the `for` and `keepFiringFor` durations end. These changes are also applied when a later event of the entity
   * arrives.
   */
  readonly wakeUps?: readonly number[]
  /** Times at which silences take effect. These changes are applied only when the log's clock reaches the time. */
  readonly silences?: readonly number[]
  /** Time of the next check for firing alerts whose rules no longer exist. */
  readonly checkMs?: number
}

/**
 * State of alerting for one entity. Inactive rules are not stored: they need only the time of the last reading of their metric,
 * which is in `seen`.
 */
export interface AlertingState extends SetTimers {
  /** Time of the last reading of each metric, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** Tracked rules by state key (rule and metric), see `rules-in-force.ts`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
  /** State of the kinds that compare new readings with earlier ones, by `historyKey`. See `kinds/kind.ts`. */
  readonly history?: AlertingHistory
  /**
   * Time of the clock's last tick, in milliseconds since the epoch. Only the clock's own state has this field, see
   * `pipeline-down.ts`.
   */
  readonly lastTickMs?: number
}

/** States of kinds that compare new readings with earlier ones, by history key. */
export type AlertingHistory = Readonly<Record<string, object>>

/**
 * State of a rule for one entity, with its alerts.
 * - `alert` is present while the rule is firing or recovering. The resolved event repeats it, even if the rule has been removed.
 * - `noData` is the alert of `onSilence: no-data`. It is present until the entity reports again.
 * - `compared` is the last comparison. It is present while a value makes the rule pending, or while the rule is recovering, because
 * the rule may fire or resolve without another reading.
 */
export interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
  readonly noData?: FiredAlert
  readonly compared?: Compared
}
