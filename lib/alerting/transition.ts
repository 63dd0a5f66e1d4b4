/**
 * What one observation does to one rule for one entity. The only time is that of the observation, in milliseconds since
 * the epoch. Nothing here reads a clock, so a replay decides as the first run did.
 *
 * If several observations have the same instant, the last one counts. Silent decisions of an earlier one (it ended a
 * pending alert, or made a recovering one fire again) are undone, as if only the last observation existed. Notifications
 * stand, because people may have read them. For this, two states keep the state `before` them, for that instant only.
 */
import { isBeyond, type Rule } from './rule.ts'

export type RuleState = Inactive | Pending | Firing | Recovering

interface Inactive {
  readonly phase: 'inactive'
  readonly seenMs: number
  readonly before?: Pending
}

/** Beyond the fire threshold since `activeAtMs`, but not yet for the rule's `for`. Not notified. */
interface Pending {
  readonly phase: 'pending'
  readonly seenMs: number
  readonly activeAtMs: number
}

interface Firing {
  readonly phase: 'firing'
  readonly seenMs: number
  readonly activeAtMs: number
  readonly before?: Recovering
}

/** Still firing for everyone outside: the value cleared at `clearedAtMs`, but `keepFiringFor` has not passed yet. */
interface Recovering {
  readonly phase: 'recovering'
  readonly seenMs: number
  readonly activeAtMs: number
  readonly clearedAtMs: number
}

export interface Observation {
  readonly timeMs: number
  readonly value: number
}

export type TransitionReason =
  | 'fired'
  | 'resolved'
  | 'relapsed' // recovering, and the value went beyond the clear threshold again
  | 'recovering'
  | 'pending-restarted' // the silence before this observation was longer than `staleAfter`
  | 'pending'
  | 'pending-ended'
  | 'late'
  | 'unchanged'

export interface Transition {
  readonly state: RuleState
  /** The notification that is due, if any. */
  readonly change?: 'fired' | 'resolved'
  readonly reason: TransitionReason
}

type Thresholds = Pick<Rule, 'beyond' | 'fireThreshold' | 'clearThreshold'>
/** The part of a rule that decides. */
export type Condition = Thresholds & Pick<Rule, 'forMs' | 'keepFiringForMs' | 'staleAfterMs'>

/** @param previous the state after the last observation of this rule and entity; undefined if there was none */
export function transition(
  rule: Condition,
  previous: RuleState | undefined,
  observation: Observation,
): Transition {
  if (previous === undefined) return whileQuiet(rule, undefined, observation)
  if (observation.timeMs < previous.seenMs) return { state: previous, reason: 'late' }
  const from = observation.timeMs === previous.seenMs ? beforeInstant(previous) : previous
  return from.phase === 'firing' || from.phase === 'recovering'
    ? whileFiring(rule, from, observation)
    : whileQuiet(rule, from, observation)
}

function beforeInstant(state: RuleState): RuleState {
  return 'before' in state && state.before !== undefined ? state.before : state
}

/** Inactive or pending: only the fire threshold counts. */
function whileQuiet(
  rule: Condition,
  from: Inactive | Pending | undefined,
  { timeMs, value }: Observation,
): Transition {
  const pending = from?.phase === 'pending' ? from : undefined
  if (!isBeyond(rule.beyond, value, rule.fireThreshold)) {
    return pending === undefined
      ? { state: { phase: 'inactive', seenMs: timeMs }, reason: 'unchanged' }
      : { state: { phase: 'inactive', seenMs: timeMs, before: pending }, reason: 'pending-ended' }
  }
  const stale = pending !== undefined && isStale(rule, pending, timeMs)
  const activeAtMs = pending === undefined || stale ? timeMs : pending.activeAtMs
  if (timeMs - activeAtMs >= rule.forMs) {
    return { state: { phase: 'firing', seenMs: timeMs, activeAtMs }, change: 'fired', reason: 'fired' }
  }
  const reason = stale ? 'pending-restarted' : 'pending'
  return { state: { phase: 'pending', seenMs: timeMs, activeAtMs }, reason }
}

/** Firing or recovering: only the clear threshold counts. */
function whileFiring(rule: Condition, from: Firing | Recovering, { timeMs, value }: Observation): Transition {
  const { activeAtMs } = from
  if (isBeyond(rule.beyond, value, rule.clearThreshold)) {
    return from.phase === 'recovering'
      ? { state: { phase: 'firing', seenMs: timeMs, activeAtMs, before: from }, reason: 'relapsed' }
      : { state: { phase: 'firing', seenMs: timeMs, activeAtMs }, reason: 'unchanged' }
  }
  const clearedAtMs = from.phase === 'recovering' ? from.clearedAtMs : timeMs
  if (timeMs - clearedAtMs >= rule.keepFiringForMs) {
    return { state: { phase: 'inactive', seenMs: timeMs }, change: 'resolved', reason: 'resolved' }
  }
  return { state: { phase: 'recovering', seenMs: timeMs, activeAtMs, clearedAtMs }, reason: 'recovering' }
}

function isStale(rule: Condition, pending: Pending, timeMs: number): boolean {
  return rule.staleAfterMs > 0 && timeMs - pending.seenMs > rule.staleAfterMs
}
