/** State of one rule for one entity. Times are event times, in milliseconds since the epoch. */

export type RuleState = Inactive | Pending | Firing | Recovering

interface Watched {
  /** The time of the last observation. */
  readonly seenMs: number
  /** When time alone changed this state after that; absent if it did not. */
  readonly decidedMs?: number
  /** The silence that lasts has been acted upon: `bad` if it counts as a bad value. */
  readonly silent?: 'bad' | 'no-data'
}

export interface Inactive extends Watched {
  readonly phase: 'inactive'
  readonly before?: Pending
}

/** Bad since `activeAtMs`, but not yet for the rule's `for`. Not notified. */
export interface Pending extends Watched {
  readonly phase: 'pending'
  readonly activeAtMs: number
}

export interface Firing extends Watched {
  readonly phase: 'firing'
  readonly activeAtMs: number
  readonly before?: Recovering
}

/** Still firing for everyone outside: the value cleared at `clearedAtMs`, but `keepFiringFor` has not passed yet. */
export interface Recovering extends Watched {
  readonly phase: 'recovering'
  readonly activeAtMs: number
  readonly clearedAtMs: number
}

/** The last instant that the state knows of. Whatever is older changes nothing. */
export function latestMs({ decidedMs, seenMs }: RuleState): number {
  return decidedMs ?? seenMs
}
