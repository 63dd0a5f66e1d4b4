/** Decides from observations whether a consumer is making progress, busy or stalled. Pure. */

type LagDirection = 'growing' | 'shrinking' | 'steady'

/** Observations of one consumer. */
export interface ConsumerFacts {
  /** Number of records after the committed offsets. */
  readonly pending: number
  /** Value of `pending` at an earlier observation. */
  readonly earlierPending: number
  /** Number of pending records that were already pending at the earlier observation. */
  readonly overdue: number
  /** Observed time without progress, in milliseconds. */
  readonly idleMs: number
  /** Idle time in milliseconds up to which a consumer does not count as stalled. */
  readonly quietMs: number
  /** Longest invocation that is currently running, if known. */
  readonly invocation?: RunningInvocation | undefined
}

export interface RunningInvocation {
  readonly forMs: number
  /** Timeout of the function in milliseconds, after which the invocation should have ended. Infinite if the timeout is unknown. */
  readonly limitMs: number
}

/** Consumer with pending records that is making progress. */
export interface BusyConsumer {
  readonly function: string
  readonly lag: number
  readonly direction: LagDirection
}

/**
 * Condition of a consumer. `busy`: records wait longer than usual, but the consumer is making progress.
 * `stalled`: it could make progress, but does not.
 */
export type ConsumerCondition =
  | { readonly is: 'moving' }
  | { readonly is: 'busy'; readonly lag: number; readonly direction: LagDirection }
  | { readonly is: 'stalled'; readonly because: 'no-progress' | 'not-ended'; readonly forMs: number }

/** Relative change of the lag below which the lag counts as steady. */
const STEADY_SHARE = 0.05

export function conditionOf(facts: ConsumerFacts): ConsumerCondition {
  const { pending, earlierPending, overdue, idleMs, quietMs, invocation } = facts
  if (invocation && invocation.forMs > invocation.limitMs)
    return { is: 'stalled', because: 'not-ended', forMs: invocation.forMs }
  const busy = { is: 'busy', lag: pending, direction: directionOf(earlierPending, pending) } as const
  if (pending === 0) return { is: 'moving' }
  if (invocation) return busy
  if (idleMs >= quietMs) return { is: 'stalled', because: 'no-progress', forMs: idleMs }
  return overdue > 0 ? busy : { is: 'moving' }
}

function directionOf(before: number, now: number): LagDirection {
  if (Math.abs(now - before) <= STEADY_SHARE * Math.max(now, before)) return 'steady'
  return now > before ? 'growing' : 'shrinking'
}
