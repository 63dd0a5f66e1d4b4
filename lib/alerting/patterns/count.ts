/**
 * Evaluates patterns that count events within a duration. Only event time matters, so events may arrive in any order. Only the
 * latest `count` times are stored: the pattern holds while the oldest of them is within the duration. Pure.
 */
import type { Draft } from './draft.ts'
import type { CountPattern } from './pattern.ts'
import { endOfFiring, type PatternState } from './state.ts'

/**
 * Applies an event to a pattern that counts events.
 *
 * @param isUntil true if the event ends the alert, even if it is also an event that is counted
 */
export function countEvent(
  pattern: CountPattern,
  keepMs: number,
  draft: Draft,
  timeMs: number,
  isUntil: boolean,
): void {
  passCounting(pattern, keepMs, draft, timeMs - 1)
  if (isUntil) startOver(draft, timeMs)
  else count(pattern, draft, timeMs)
}

function startOver(draft: Draft, timeMs: number): void {
  if (draft.isDecided(timeMs)) {
    draft.note('late')
    return
  }
  if (draft.counted.length > 0 && !draft.firing) draft.note('pending-ended')
  draft.counted = draft.counted.filter(atMs => atMs > timeMs)
  draft.resolve(timeMs)
}

function count(pattern: CountPattern, draft: Draft, timeMs: number): void {
  const nowMs = Math.max(timeMs, draft.counted.at(-1) ?? timeMs, draft.decidedMs ?? timeMs)
  if (timeMs + pattern.withinMs < nowMs) {
    draft.note('late')
    return
  }
  draft.counted = [...draft.counted, timeMs].sort((a, b) => a - b).slice(-pattern.count)
  const endMs = endOf(pattern, draft.counted)
  // The event with the latest time completed the count, which is not necessarily the event that arrived last.
  const fullMs = draft.counted.at(-1) ?? timeMs
  if (endMs !== undefined && endMs >= nowMs) draft.hold(fullMs, fullMs)
  else if (!draft.firing) draft.note('pending')
}

/** Applies all changes that are due by `timeMs`. All events until then must have arrived. */
export function passCounting(pattern: CountPattern, keepMs: number, draft: Draft, timeMs: number): void {
  if (draft.firing && draft.firing.clearedAtMs === undefined) {
    // There is no end if the rule was edited and now requires more events than have arrived.
    const endMs = endOf(pattern, draft.counted) ?? timeMs
    if (endMs <= timeMs) draft.clear(endMs, keepMs)
  }
  draft.endBy(timeMs, keepMs)
  const kept = draft.counted.filter(atMs => atMs + pattern.withinMs > timeMs)
  if (kept.length === 0 && draft.counted.length > 0 && !draft.firing) draft.note('pending-ended')
  draft.counted = kept
}

/** Returns the time at which the state next changes if no event arrives. */
export function endOfCounting(
  pattern: CountPattern,
  keepMs: number,
  { firing, counted = [] }: PatternState,
): number | undefined {
  if (firing) return endOfFiring(firing, keepMs) ?? endOf(pattern, counted)
  const last = counted.at(-1)
  return last === undefined ? undefined : last + pattern.withinMs
}

/** Returns the time until which the pattern holds; undefined if there have never been enough events within the duration. */
function endOf({ count, withinMs }: CountPattern, counted: readonly number[]): number | undefined {
  const [oldest, newest] = [counted.at(-count), counted.at(-1)]
  if (oldest === undefined || newest === undefined || newest - oldest > withinMs) return undefined
  return oldest + withinMs
}
