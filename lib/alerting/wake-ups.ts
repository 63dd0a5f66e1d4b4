/** Timers that re-evaluate the rules of an entity when no reading arrives. Pure. */

import type { Step } from '#runtime/consumer'
import { isEmpty } from '../support/json.ts'
import type { SetTimers, TrackedRule } from './entity-state.ts'
import type { RulesInForce } from './rules-in-force.ts'
import { wakeUps } from './silence.ts'

/**
 * Maximum time between checks of an entity with a pending or firing alert. A check detects rules that were removed, paused or
 * edited while the entity is silent. While readings arrive, the timer is postponed once half of the time has passed, so it does not
 * fire.
 */
const CHECK_MS = 5 * 60_000

const CHECK = 'check'
const WAKE = 'wake '
const SILENCE = 'silence '

/** Returns whether the timer is for the end of a duration. A later event of the entity has the same effect as this timer. */
export function isWakeUp(timer: string): boolean {
  return timer.startsWith(WAKE)
}

/** Returns whether the timer is for a silence. Such a timer fires only once the log's clock has reached its due time. */
export function isSilenceTimer(timer: string): boolean {
  return timer.startsWith(SILENCE)
}

/**
 * Returns the timers that are needed to evaluate the rules without a reading.
 *
 * @param nowMs time of the step; all new timers are due after it
 * @param before pending timers
 */
export function wantedTimers(
  { byKey }: RulesInForce,
  rules: Readonly<Record<string, TrackedRule>>,
  nowMs: number,
  before: SetTimers,
): SetTimers {
  if (isEmpty(rules)) return NO_TIMERS
  const [ends, silences] = [new Set<number>(), new Set<number>()]
  let isActive = false
  for (const key in rules) {
    const { state, alert, noData } = rules[key] as TrackedRule
    isActive ||= alert !== undefined || noData !== undefined || state.phase === 'pending'
    const rule = byKey.get(key)?.rule
    if (rule === undefined) continue
    for (const { atMs, isOfSilence } of wakeUps(rule, state)) {
      if (!isOfSilence) ends.add(Math.max(atMs, nowMs + 1))
      // A pending timer for a silence waits for the log's clock, so its time is not changed even if an event is later.
      else silences.add(before.silences?.includes(atMs) ? atMs : Math.max(atMs, nowMs + 1))
    }
  }
  return {
    ...(ends.size > 0 && { wakeUps: sortInstants(ends) }),
    ...(silences.size > 0 && { silences: sortInstants(silences) }),
    ...(isActive && { checkMs: checkMs(before.checkMs, nowMs) }),
  }
}

const NO_TIMERS: SetTimers = {}

/** Returns the pending timers without the one that has just fired. */
export function withoutFired(
  before: SetTimers,
  { name, dueMs }: { readonly name: string; readonly dueMs: number },
): SetTimers {
  const { wakeUps = [], silences = [], checkMs } = before
  const others = (all: readonly number[]) => all.filter(atMs => atMs !== dueMs)
  return {
    wakeUps: isWakeUp(name) ? others(wakeUps) : wakeUps,
    silences: isSilenceTimer(name) ? others(silences) : silences,
    ...(name === CHECK || checkMs === undefined ? {} : { checkMs }),
  }
}

/** Turns the pending timers into the wanted ones. */
export function changeTimers(step: Step, before: SetTimers, wanted: SetTimers): void {
  changeKind(step, WAKE, before.wakeUps, wanted.wakeUps)
  changeKind(step, SILENCE, before.silences, wanted.silences)
  if (before.checkMs === wanted.checkMs) return
  if (wanted.checkMs === undefined) step.cancel(CHECK)
  else step.timerAt(CHECK, wanted.checkMs)
}

/** Returns the time of the next check. It is postponed only when it is near, not with every reading. */
function checkMs(before: number | undefined, nowMs: number): number {
  return before !== undefined && before > nowMs + CHECK_MS / 2 ? before : nowMs + CHECK_MS
}

function changeKind(
  step: Step,
  kind: string,
  before: readonly number[] = NONE,
  wanted: readonly number[] = NONE,
): void {
  for (const atMs of before) if (!wanted.includes(atMs)) step.cancel(`${kind}${atMs}`)
  for (const atMs of wanted) if (!before.includes(atMs)) step.timerAt(`${kind}${atMs}`, atMs)
}

const NONE: readonly number[] = []

function sortInstants(instants: ReadonlySet<number>): readonly number[] {
  return [...instants].sort((a, b) => a - b)
}
