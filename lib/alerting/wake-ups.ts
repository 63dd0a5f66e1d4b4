/** The timers of an entity: the instants at which time alone changes one of its rules. Pure. */
import type { TimerChange } from '../runtime/consumer/process.ts'
import type { TrackedRule } from './entity-state.ts'
import type { RulesInForce } from './rules-in-force.ts'
import { wakeUps } from './silence.ts'

/** While an alert is pending or fires, how often it is checked whether its rule still exists, in case its entity is silent. */
const CHECK_MS = 60 * 60_000

/**
 * The instants, sorted, at which the rules are to be looked at again if nothing is read before.
 *
 * @param nowMs the time of the step; a timer must be due later
 * @param before those that the last step wanted
 */
export function wantedWakeUps(
  { byKey }: RulesInForce,
  rules: Readonly<Record<string, TrackedRule>>,
  nowMs: number,
  before: readonly number[],
): number[] {
  const wanted = new Set<number>()
  let isActive = false
  for (const key in rules) {
    const { state, alert, noData } = rules[key] as TrackedRule
    isActive ||= alert !== undefined || noData !== undefined || state.phase === 'pending'
    const rule = byKey.get(key)?.rule
    if (rule) for (const atMs of wakeUps(rule, state)) wanted.add(Math.max(atMs, nowMs + 1))
  }
  if (isActive) wanted.add(checkMs(before, nowMs))
  return [...wanted].sort((a, b) => a - b)
}

/** The same instant as long as it lies ahead, so that it does not move with every reading. */
function checkMs(before: readonly number[], nowMs: number): number {
  const hour = Math.floor(nowMs / CHECK_MS)
  return before.find(atMs => atMs > nowMs && atMs % CHECK_MS === 0) ?? (hour + 2) * CHECK_MS
}

/** What must change in the timers. */
export function timerChanges(
  before: readonly number[],
  wanted: readonly number[],
  nowMs: number,
): TimerChange[] {
  if (before.length === 0 && wanted.length === 0) return []
  const [old, now] = [new Set(before), new Set(wanted)]
  return [
    ...before.filter(atMs => !now.has(atMs)).map(atMs => ({ name: nameOf(atMs) })),
    ...wanted
      .filter(atMs => atMs > nowMs && !old.has(atMs))
      .map(atMs => ({ name: nameOf(atMs), dueMs: atMs })),
  ]
}

function nameOf(atMs: number): string {
  return `wake ${atMs}`
}
