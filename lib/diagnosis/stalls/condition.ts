/** Decides from observations whether a consumer is making progress, busy or stalled. Pure. */

type LagDirection = 'growing' | 'shrinking' | 'steady'

/** Observations of one consumer. */
export interface ConsumerFacts {
  /** Number of records after the committed offsets. */
  readonly pending: number
  /** Value of `pending` at the earlier observation. */
  readonly earlierPending: number
  /** Number of pending records that were already pending at the earlier observation. */
  readonly overdue: number
  /** Observed time without progress, in milliseconds. */
  readonly idleMs: number
  /** Idle time, in milliseconds, from which a consumer counts as stalled. */
  readonly quietMs: number
  /** Longest running invocation, if known. */
  readonly invocation?: RunningInvocation | undefined
}

export interface RunningInvocation {
  readonly forMs: number
  /** Timeout of the function, in milliseconds. Infinite if it is unknown. */
  readonly limitMs: number
}

/** Consumer that has pending records and is making progress. */
export interface BusyConsumer {
  readonly function: string
  readonly lag: number
  readonly direction: LagDirection
}

/**
 * Condition of a consumer. `busy`: records wait longer than usual, but the consumer makes progress. `stalled`: the consumer has
 * pending records and makes no progress.
 */
export type ConsumerCondition =
  | { readonly is: 'moving' }
  | { readonly is: 'busy'; readonly lag: number; readonly direction: LagDirection }
  | { readonly is: 'stalled'; readonly because: 'no-progress' | 'not-ended'; readonly forMs: number }

/** Relative change of the lag below which the lag is considered steady. */
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
