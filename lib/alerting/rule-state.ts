/** State of one rule for one entity. Times are event times, in milliseconds since the epoch. */

export type RuleState = Inactive | Pending | Firing | Recovering

interface Watched {
  /** Time of the last observation. */
  readonly seenMs: number
  /** Time at which the state last changed without a reading, if it did so after `seenMs`. */
  readonly decidedMs?: number
  /** Effect of the current silence. `bad`: it counts as a bad value. */
  readonly silent?: 'bad' | 'no-data'
}

export interface Inactive extends Watched {
  readonly phase: 'inactive'
  readonly before?: Pending
}

/** Rule whose value has been bad since `activeAtMs`, but for less than its `for`. No notification is sent. */
export interface Pending extends Watched {
  readonly phase: 'pending'
  readonly activeAtMs: number
}

export interface Firing extends Watched {
  readonly phase: 'firing'
  readonly activeAtMs: number
  readonly before?: Recovering
}

/** Rule whose alert still fires: the value cleared at `clearedAtMs`, but `keepFiringFor` has not passed yet. */
export interface Recovering extends Watched {
  readonly phase: 'recovering'
  readonly activeAtMs: number
  readonly clearedAtMs: number
}

/** Returns the latest time in the state. Older events do not change it. */
export function latestMs({ decidedMs, seenMs }: RuleState): number {
  return decidedMs ?? seenMs
}
