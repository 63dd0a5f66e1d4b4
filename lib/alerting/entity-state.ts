/** State of alerting for an entity, stored as JSON. `lib/tables/conditions.ts` reads it elsewhere. */
import type { FiredAlert } from './alert.ts'
import type { PatternStates } from './patterns/state.ts'
import type { RuleState } from './rule-state.ts'
import type { Compared } from './summary.ts'

/** The timers that are set, as times in milliseconds since the epoch. */
export interface SetTimers {
  /** Ends of durations. They have come as well when a later event of the entity arrives. */
  readonly wakeUps?: readonly number[]
  /** Silences, and what follows from them. Only the log's clock can say that they have come. */
  readonly silences?: readonly number[]
  /** When it is checked next whether the rules of the entity's alerts still exist. */
  readonly checkMs?: number
}

/**
 * The state of an entity. Inactive rules are not stored as a rule: they need only the time when their metric was last seen, which
 * all rules of a metric share.
 */
export interface AlertingState extends SetTimers {
  /** Metric → when it was last seen, in milliseconds since the epoch. */
  readonly seen: Readonly<Record<string, number>>
  /** Tracked rules by rule and metric, see `rules-in-force.ts`. */
  readonly rules: Readonly<Record<string, TrackedRule>>
  /** State of the kinds that compare new readings with earlier ones, see `kinds/kind.ts`; by `historyKey` of the rules. */
  readonly history?: AlertingHistory
  /** Only of the clock, see `pipeline-down.ts`: the time of its last tick, in milliseconds since the epoch. */
  readonly lastTickMs?: number
  /** States of the rules over several readings. */
  readonly patterns?: PatternStates
}

/** State of kinds, by what they compare. */
export type AlertingHistory = Readonly<Record<string, object>>

/**
 * `alert` is set while firing or recovering: the resolved event repeats it, even if the rule was removed meanwhile. `noData` is
 * the alert of `onSilence: no-data`, until data returns. `compared` is what was compared last, while it is pending by
 * a value: time alone may let it fire.
 */
export interface TrackedRule {
  readonly state: RuleState
  readonly alert?: FiredAlert
  readonly noData?: FiredAlert
  readonly compared?: Compared
}
