/** Decides from observations whether a consumer is moving, busy or stalled. Pure. */

type LagDirection = 'growing' | 'shrinking' | 'steady'

/** Observations of one consumer. */
export interface ConsumerFacts {
  /** Lag: records behind the committed offsets. */
  readonly pending: number
  /** The lag of an earlier look. */
  readonly earlierPending: number
  /** Pending records that were pending at the earlier look, too. */
  readonly overdue: number
  /** Observed time without progress, in milliseconds. */
  readonly idleMs: number
  /** A longer idle time is not normal. */
  readonly quietMs: number
  /** The longest invocation that is known to run. */
  readonly invocation?: RunningInvocation | undefined
}

export interface RunningInvocation {
  readonly forMs: number
  /** An older invocation should have been ended at the function's timeout. Infinite if the timeout is unknown. */
  readonly limitMs: number
}

/** A consumer whose records wait, but which works. */
export interface BusyConsumer {
  readonly function: string
  readonly lag: number
  readonly direction: LagDirection
}

/** `busy`: records wait longer than usual, but the consumer works. `stalled`: it could make progress, and has not. */
export type ConsumerCondition =
  | { readonly is: 'moving' }
  | { readonly is: 'busy'; readonly lag: number; readonly direction: LagDirection }
  | { readonly is: 'stalled'; readonly because: 'no-progress' | 'not-ended'; readonly forMs: number }

/** Smaller changes of the lag are not a direction. */
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
