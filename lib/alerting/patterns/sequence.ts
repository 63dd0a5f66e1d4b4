/**
 * Evaluates a sequence of steps, optionally with an absence at the end. For each step, only the latest time
 * is stored, because it leaves the most time for the next step. Of several absences, the first one counts,
 * because it ends first. A match resets all earlier steps. Pure.
 */
import type { Draft } from './draft.ts'
import type { SequencePattern } from './pattern.ts'
import { type AbsenceWait, endOfFiring, type PatternState } from './state.ts'

/** Parts of a sequence that an event meets. */
export interface Parts {
  /** Indexes of the steps. */
  readonly steps: ReadonlySet<number>
  readonly isAbsent: boolean
  readonly isUntil: boolean
}

/** @param behindMs maximum delay of events of the absence, relative to this event */
export function sequenceEvent(
  pattern: SequencePattern,
  keepMs: number,
  draft: Draft,
  timeMs: number,
  parts: Parts,
  behindMs: number,
): void {
  if (parts.isAbsent) draft.absentMs = Math.max(timeMs, draft.absentMs ?? timeMs)
  if (draft.isDecided(timeMs)) lateEvent(draft, keepMs, timeMs, parts.isAbsent)
  else {
    // Other events of the group may be delayed, so only an event of the absence or a timer can decide about it.
    const knownMs = parts.isAbsent ? timeMs - 1 - behindMs : undefined
    passSequence(pattern, keepMs, draft, timeMs - 1, knownMs)
    if (parts.isUntil) startOver(draft, timeMs)
    else {
      if (parts.isAbsent) absentEvent(pattern, keepMs, draft, timeMs)
      advance(pattern, draft, timeMs, parts.steps)
    }
  }
}

/** Applies an event to the steps, last first, so that an event is only one step of a match. */
function advance(pattern: SequencePattern, draft: Draft, timeMs: number, steps: ReadonlySet<number>): void {
  for (let index = pattern.steps.length - 1; index >= 0; index -= 1)
    if (steps.has(index) && follows(pattern, draft, index, timeMs))
      if (reach(pattern, draft, index, timeMs)) return
}

/**
 * Applies the passing of time.
 *
 * @param knownMs time up to which all events of the absence have arrived
 */
export function passSequence(
  pattern: SequencePattern,
  keepMs: number,
  draft: Draft,
  timeMs: number,
  knownMs: number | undefined,
): void {
  const absenceMs = () => (knownMs === undefined ? undefined : absenceEnds(pattern, draft))
  for (let dueMs = absenceMs(); dueMs !== undefined && dueMs <= (knownMs ?? dueMs); dueMs = absenceMs()) {
    draft.endBy(dueMs - 1, keepMs)
    const { sinceMs, latestMs, cameMs } = draft.waiting as AbsenceWait
    draft.waiting = latestMs > sinceMs ? { sinceMs: latestMs, latestMs } : undefined
    draft.hold(dueMs, sinceMs, true)
    if (cameMs !== undefined) absentEvent(pattern, keepMs, draft, cameMs)
  }
  if (!isAbsenceFirst(pattern, keepMs, draft)) draft.endBy(timeMs, keepMs)
  const kept = draft.reached.map((atMs, index) => {
    const withinMs = pattern.steps[index + 1]?.withinMs ?? 0
    return atMs !== null && atMs + withinMs > timeMs ? atMs : null
  })
  const isOver = kept.every(atMs => atMs === null) && draft.reached.some(atMs => atMs !== null)
  if (isOver && !draft.firing && !draft.waiting) draft.note('pending-ended')
  draft.reached = kept
  const endMs = endOfAbsent(pattern, draft)
  if (endMs !== undefined && endMs <= timeMs) draft.absentMs = undefined
}

/** Returns when an uninterrupted absence is complete. */
export function absenceEnds(
  { absence }: SequencePattern,
  { waiting }: { readonly waiting?: PatternState['waiting'] | undefined },
): number | undefined {
  return absence && waiting ? waiting.sinceMs + absence.withinMs : undefined
}

/** Returns the time of the next change without an event, except the end of an absence. */
export function endOfSequence(
  pattern: SequencePattern,
  keepMs: number,
  state: PatternState,
): number | undefined {
  const { firing, reached = [], waiting } = state
  if (firing) return isAbsenceFirst(pattern, keepMs, state) ? undefined : endOfFiring(firing, keepMs)
  if (waiting) return undefined
  const ends = reached.flatMap((atMs, index) =>
    atMs === null ? [] : [atMs + (pattern.steps[index + 1]?.withinMs ?? 0)],
  )
  return ends.length === 0 ? endOfAbsent(pattern, state) : Math.max(...ends)
}

/**
 * Returns the time until which an event of the absence must be stored: at least for the duration of the
 * absence. The time is rounded, so that the timer does not move with every event.
 */
function endOfAbsent(
  { absence }: SequencePattern,
  { absentMs }: { readonly absentMs?: PatternState['absentMs'] | undefined },
): number | undefined {
  return absence && absentMs !== undefined
    ? (Math.floor(absentMs / absence.withinMs) + 2) * absence.withinMs
    : undefined
}

type Ending = { readonly [Key in 'firing' | 'waiting']?: PatternState[Key] | undefined }

/** Returns whether an absence can make the alert fire again before it resolves. */
function isAbsenceFirst(pattern: SequencePattern, keepMs: number, { firing, waiting }: Ending): boolean {
  const [absenceMs, endMs] = [absenceEnds(pattern, { waiting }), firing && endOfFiring(firing, keepMs)]
  return absenceMs !== undefined && endMs !== undefined && absenceMs <= endMs
}

/** Applies an event of the absence. Even a late one ends the alert about its absence, and all waits that began before it. */
function lateEvent(draft: Draft, keepMs: number, timeMs: number, isAbsent: boolean): void {
  const { firing, waiting } = draft
  const clears = isAbsent && firing !== undefined && timeMs > firing.activeAtMs
  const ends = isAbsent && waiting !== undefined && timeMs >= waiting.sinceMs
  if (clears) draft.clear(timeMs, keepMs)
  if (ends) endWait(draft, timeMs)
  if (!clears && !ends) draft.note('late')
}

function startOver(draft: Draft, timeMs: number): void {
  const isUnderWay = draft.waiting !== undefined || draft.reached.some(atMs => atMs !== null)
  if (isUnderWay && !draft.firing) draft.note('pending-ended')
  draft.resolve(timeMs)
  draft.reached = []
  draft.waiting = undefined
}

function absentEvent(pattern: SequencePattern, keepMs: number, draft: Draft, timeMs: number): void {
  const { waiting, firing } = draft
  const dueMs = absenceEnds(pattern, draft)
  const holds = firing !== undefined && firing.clearedAtMs === undefined
  if (waiting && dueMs !== undefined && dueMs < timeMs && !holds) {
    // A delayed event may still end the wait in time, so only the time of this event is stored.
    draft.waiting = { ...waiting, cameMs: Math.min(timeMs, waiting.cameMs ?? timeMs) }
    return
  }
  draft.clear(timeMs, keepMs)
  endWait(draft, timeMs)
  if (waiting?.cameMs !== undefined) absentEvent(pattern, keepMs, draft, waiting.cameMs)
}

function endWait(draft: Draft, timeMs: number): void {
  const { waiting } = draft
  if (!waiting || timeMs < waiting.sinceMs) return
  const { latestMs } = waiting
  draft.waiting = latestMs > timeMs ? { sinceMs: latestMs, latestMs } : undefined
  if (!draft.waiting && !draft.firing) draft.note('pending-ended')
}

function follows({ steps }: SequencePattern, { reached }: Draft, index: number, timeMs: number): boolean {
  if (index === 0) return true
  const before = reached[index - 1] ?? null
  return before !== null && timeMs >= before && timeMs <= before + (steps[index]?.withinMs ?? 0)
}

/** Returns whether the event completed a match. The match consumes the event. */
function reach({ steps, absence }: SequencePattern, draft: Draft, index: number, timeMs: number): boolean {
  if (index < steps.length - 1) {
    const reached = Array.from({ length: steps.length - 1 }, (_, at) => draft.reached[at] ?? null)
    reached[index] = Math.max(timeMs, reached[index] ?? timeMs)
    draft.reached = reached
    if (!draft.firing) draft.note('pending')
    return false
  }
  if (absence) {
    const { absentMs } = draft
    if (absentMs !== undefined && absentMs > timeMs && absentMs <= timeMs + absence.withinMs) {
      draft.note('late')
      return false
    }
    const { sinceMs = timeMs, latestMs = timeMs } = draft.waiting ?? {}
    draft.waiting = { ...draft.waiting, sinceMs, latestMs: Math.max(latestMs, timeMs) }
    if (!draft.firing) draft.note('pending')
    return false
  }
  draft.match(timeMs)
  draft.reached = []
  return true
}
