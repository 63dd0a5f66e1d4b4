/** State of one rule for one entity. Times are event times, in milliseconds since the epoch. */

export type RuleState = Inactive | Pending | Firing | Recovering

interface Watched {
  /** The time of the last observation. */
  readonly seenMs: number
  /** Later time at which the state changed without a reading, if it did. */
  readonly decidedMs?: number
  /** Effect of the current silence: `bad` if it counts as a bad value. */
  readonly silent?: 'bad' | 'no-data'
}

export interface Inactive extends Watched {
  readonly phase: 'inactive'
  readonly before?: Pending
}

/** Rule whose value is bad since `activeAtMs`, but not yet for its `for`. No notification. */
export interface Pending extends Watched {
  readonly phase: 'pending'
  readonly activeAtMs: number
}

export interface Firing extends Watched {
  readonly phase: 'firing'
  readonly activeAtMs: number
  readonly before?: Recovering
}

/** Rule that is still published as firing: the value cleared at `clearedAtMs`, but `keepFiringFor` has not passed yet. */
export interface Recovering extends Watched {
  readonly phase: 'recovering'
  readonly activeAtMs: number
  readonly clearedAtMs: number
}

/** Returns the latest time in the state. Older events change nothing. */
export function latestMs({ decidedMs, seenMs }: RuleState): number {
  return decidedMs ?? seenMs
}
