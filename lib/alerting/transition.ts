/**
 * Effect of one observation on one rule for one entity. Only the time of the observation is used, in milliseconds since the epoch.
 * No clock is read, so a replay makes the same decisions as the first run.
 *
 * If several observations have the same time, the last one counts. Decisions for earlier observations at that time are undone if
 * they sent no notification. These are the end of a pending alert, and the return of a recovering alert to firing. Notifications
 * are not undone, because people may have read them. For this purpose, two phases store the previous state in `before`, which is
 * used only for observations with the same time.
 */
import { fires, holds, type Value } from './condition.ts'
import { type Change, findChange, type TransitionReason } from './reasons.ts'
import type { Rule } from './rule.ts'
import {
  type Firing,
  type Inactive,
  latestMs,
  type Pending,
  type Recovering,
  type RuleState,
} from './rule-state.ts'
import { afterTick } from './silence.ts'

export interface Observation {
  readonly timeMs: number
  /**
   * Observed value. It is undefined for a tick, which means that time has passed without a reading. It is null if the value of a
   * reading cannot be compared, for example because there are too few earlier readings.
   */
  readonly value?: Value | null
  /** True if the log has been read up to the time of the tick, so that a silence is certain. Defaults to true. */
  readonly isSilenceKnown?: boolean
}

interface Measured {
  readonly timeMs: number
  readonly value: Value
}

export interface Transition {
  readonly state: RuleState
  readonly reason: TransitionReason
  /** Notification that the transition sends; absent if none is sent. */
  readonly change?: Change
  /** Time of the change: the time of the reading or, for a tick, the time at which the change was due, which may be earlier. */
  readonly atMs: number
}

/** Properties of a rule on which its transitions depend. */
export type Life = Pick<Rule, 'condition' | 'forMs' | 'keepFiringForMs' | 'staleAfterMs' | 'onSilence'>

/**
 * Returns the effect of an observation. A tick applies only the first due change. Call this function again until the reason is
 * `unchanged`.
 *
 * @param previous state after the last observation of this rule and entity; undefined for the first observation
 */
export function transition(
  rule: Life,
  previous: RuleState | undefined,
  observation: Observation,
): Transition {
  const { timeMs, value, isSilenceKnown = true } = observation
  if (previous === undefined) {
    if (value === undefined)
      return createTransition({ phase: 'inactive', seenMs: timeMs }, 'unchanged', timeMs)
    return value === null
      ? applyUncomparable(rule, undefined, timeMs)
      : applyWhileQuiet(rule, undefined, { timeMs, value })
  }
  if (timeMs < latestMs(previous)) return createTransition(previous, 'late', timeMs)
  if (value === undefined) {
    const after = afterTick(rule, previous, timeMs, isSilenceKnown)
    return after === undefined
      ? createTransition(previous, 'unchanged', timeMs)
      : createTransition(after.state, after.reason, after.atMs)
  }
  if (value === null) return applyUncomparable(rule, previous, timeMs)
  const after = applyReading(rule, previous, { timeMs, value })
  const hasReturned = previous.silent === 'no-data' && after.reason === 'unchanged'
  return hasReturned ? createTransition(after.state, 'data-returned', timeMs) : after
}

function createTransition(state: RuleState, reason: TransitionReason, atMs: number): Transition {
  const change = findChange(reason)
  return change === undefined ? { state, reason, atMs } : { state, reason, atMs, change }
}

function applyReading(rule: Life, previous: RuleState, reading: Measured): Transition {
  const from = reading.timeMs === previous.seenMs ? beforeInstant(previous) : previous
  return from.phase === 'firing' || from.phase === 'recovering'
    ? applyWhileFiring(rule, from, reading)
    : applyWhileQuiet(rule, from, reading)
}

function beforeInstant(state: RuleState): RuleState {
  return 'before' in state && state.before !== undefined ? state.before : state
}

/** Returns the transition of an inactive or pending rule. Only the fire thresholds apply. */
function applyWhileQuiet(
  rule: Life,
  from: Inactive | Pending | undefined,
  { timeMs, value }: Measured,
): Transition {
  const pending = from?.phase === 'pending' ? from : undefined
  if (!fires(rule.condition, value)) {
    return pending === undefined
      ? { state: { phase: 'inactive', seenMs: timeMs }, reason: 'unchanged', atMs: timeMs }
      : createTransition({ phase: 'inactive', seenMs: timeMs, before: pending }, 'pending-ended', timeMs)
  }
  const stale = pending !== undefined && isStale(rule, pending, timeMs)
  const activeAtMs = pending === undefined || stale ? timeMs : pending.activeAtMs
  if (timeMs - activeAtMs >= rule.forMs) {
    return createTransition({ phase: 'firing', seenMs: timeMs, activeAtMs }, 'fired', timeMs)
  }
  const reason = stale ? 'pending-restarted' : 'pending'
  return createTransition({ phase: 'pending', seenMs: timeMs, activeAtMs }, reason, timeMs)
}

/** Returns the transition of a firing or recovering rule. Only the clear thresholds apply. */
function applyWhileFiring(rule: Life, from: Firing | Recovering, { timeMs, value }: Measured): Transition {
  const { activeAtMs } = from
  if (holds(rule.condition, value)) {
    return from.phase === 'recovering'
      ? createTransition({ phase: 'firing', seenMs: timeMs, activeAtMs, before: from }, 'relapsed', timeMs)
      : createTransition({ phase: 'firing', seenMs: timeMs, activeAtMs }, 'unchanged', timeMs)
  }
  const clearedAtMs = from.phase === 'recovering' ? from.clearedAtMs : timeMs
  if (timeMs - clearedAtMs >= rule.keepFiringForMs) {
    return createTransition({ phase: 'inactive', seenMs: timeMs }, 'resolved', timeMs)
  }
  return createTransition(
    { phase: 'recovering', seenMs: timeMs, activeAtMs, clearedAtMs },
    'recovering',
    timeMs,
  )
}

/** Returns the transition for a reading whose value cannot be compared. Such a reading can only end a silence. */
function applyUncomparable(rule: Life, previous: RuleState | undefined, timeMs: number): Transition {
  if (previous?.phase === 'pending' && isStale(rule, previous, timeMs))
    return createTransition({ phase: 'inactive', seenMs: timeMs }, 'pending-stale', timeMs)
  if (previous === undefined)
    return createTransition({ phase: 'inactive', seenMs: timeMs }, 'no-history', timeMs)
  const { decidedMs: _, silent, before: _before, ...rest } = previous as RuleState & { before?: RuleState }
  return createTransition(
    { ...rest, seenMs: timeMs },
    silent === 'no-data' ? 'data-returned' : 'no-history',
    timeMs,
  )
}

function isStale({ staleAfterMs, onSilence }: Life, pending: Pending, timeMs: number): boolean {
  return staleAfterMs > 0 && onSilence !== 'alert' && timeMs - pending.seenMs > staleAfterMs
}
