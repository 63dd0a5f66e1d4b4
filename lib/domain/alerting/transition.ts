/**
 * What one observation does to one rule for one entity. Time is the observation's own, in milliseconds since the
 * epoch; nothing here knows when it runs, so a replay decides as the first reading did.
 *
 * Several observations of one instant: the last one counts. What an earlier one decided in silence (it ended a pending
 * alert, or called a recovering one back) is taken back, as if only the last had been there; what was notified stands,
 * because somebody has read it. That is why two states remember the one `before` them, for that instant alone.
 */
import { isBeyond, type Rule } from './rule.ts'

export type RuleState = Inactive | Pending | Firing | Recovering

interface Inactive {
  readonly phase: 'inactive'
  readonly seenMs: number
  readonly before?: Pending
}

/** Beyond the fire threshold since `activeAtMs`, not yet for long enough. Never notified. */
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

/** Still firing to the world: the value cleared at `clearedAtMs`, and `keepFiringFor` has not passed yet. */
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
  /** What the world must be told, at most one thing for one observation. */
  readonly change?: 'fired' | 'resolved'
  readonly reason: TransitionReason
}

type Thresholds = Pick<Rule, 'beyond' | 'fireThreshold' | 'clearThreshold'>
/** The part of a rule that decides. */
export type Condition = Thresholds & Pick<Rule, 'forMs' | 'keepFiringForMs' | 'staleAfterMs'>

/** `previous` is the state that the last observation of this rule and entity left; undefined at first. */
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
