/** State of one rule for one entity. Times are event times, in milliseconds since the epoch. */

export type RuleState = Inactive | Pending | Firing | Recovering

interface Watched {
  /** Time of the last observation. */
  readonly seenMs: number
  /** Time at which the state last changed without a reading. Present only if that was after `seenMs`. */
  readonly decidedMs?: number
  /** Effect of the current silence: `bad` if it counts as a bad value, `no-data` if the alert `NoData` was fired. */
  readonly silent?: 'bad' | 'no-data'
}

export interface Inactive extends Watched {
  readonly phase: 'inactive'
  readonly before?: Pending
}

/** State of a rule whose value has been bad since `activeAtMs`, but not yet for its `for` duration. No notification is sent. */
export interface Pending extends Watched {
  readonly phase: 'pending'
  readonly activeAtMs: number
}

export interface Firing extends Watched {
  readonly phase: 'firing'
  readonly activeAtMs: number
  readonly before?: Recovering
}

/** State of a rule whose alert still fires: the value cleared at `clearedAtMs`, but `keepFiringFor` has not passed yet. */
export interface Recovering extends Watched {
  readonly phase: 'recovering'
  readonly activeAtMs: number
  readonly clearedAtMs: number
}

/** Returns the time of the latest change. Events before this time do not change the state. */
export function latestMs({ decidedMs, seenMs }: RuleState): number {
  return decidedMs ?? seenMs
}
