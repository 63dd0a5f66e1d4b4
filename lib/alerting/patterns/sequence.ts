/**
 * Evaluates a sequence of steps, optionally with an absence at the end. Only the latest time of each step is stored, because it
 * leaves the most time for the next step. If several absences are possible, the one that starts first is evaluated, because it ends
 * first. After a match, all steps start over. Pure.
 */
import type { Draft } from './draft.ts'
import type { SequencePattern } from './pattern.ts'
import { type AbsenceWait, endOfFiring, type PatternState } from './state.ts'

/** Parts of a sequence that an event matches. */
export interface Parts {
  /** Indexes of the matched steps. */
  readonly steps: ReadonlySet<number>
  readonly isAbsent: boolean
  readonly isUntil: boolean
}

/**
 * Applies an event to a sequence.
 *
 * @param behindMs maximum time by which events of the absence may arrive later than this event
 */
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
    // Other events of the group may arrive later. Therefore only an event of the absence or a timer can decide that the absence is
    // complete.
    const knownMs = parts.isAbsent ? timeMs - 1 - behindMs : undefined
    passSequence(pattern, keepMs, draft, timeMs - 1, knownMs)
    if (parts.isUntil) startOver(draft, timeMs)
    else {
      if (parts.isAbsent) absentEvent(pattern, keepMs, draft, timeMs)
      advance(pattern, draft, timeMs, parts.steps)
    }
  }
}

/** Applies an event to the steps in reverse order, so that one event never counts for two steps of a match. */
function advance(pattern: SequencePattern, draft: Draft, timeMs: number, steps: ReadonlySet<number>): void {
  for (let index = pattern.steps.length - 1; index >= 0; index -= 1)
    if (steps.has(index) && follows(pattern, draft, index, timeMs))
      if (reach(pattern, draft, index, timeMs)) return
}

/**
 * Applies all changes that are due by `timeMs`.
 *
 * @param knownMs time up to which all events of the absence are known to have arrived
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

/** Returns the time at which an absence is complete if its event does not arrive. */
export function absenceEnds(
  { absence }: SequencePattern,
  { waiting }: { readonly waiting?: PatternState['waiting'] | undefined },
): number | undefined {
  return absence && waiting ? waiting.sinceMs + absence.withinMs : undefined
}

/** Returns the time at which the state next changes if no event arrives. The end of an absence is not considered. */
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
 * Returns the time until which the last event of the absence is stored, which is at least the duration of the absence. The time is
 * rounded, so that the timer does not move with every event.
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

/** Returns whether an absence is complete before the alert resolves, in which case the alert continues to fire. */
function isAbsenceFirst(pattern: SequencePattern, keepMs: number, { firing, waiting }: Ending): boolean {
  const [absenceMs, endMs] = [absenceEnds(pattern, { waiting }), firing && endOfFiring(firing, keepMs)]
  return absenceMs !== undefined && endMs !== undefined && absenceMs <= endMs
}

/**
 * Applies an event that arrived after a later decision. An event of the absence still clears the alert about the missing event, and
 * ends all waits that began before it.
 */
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
    // Another event that is delayed may still end the wait in time. Therefore only the time of this event is stored.
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

/**
 * Marks a step as reached. Returns true if the event completed the sequence, in which case the event cannot count for another step.
 */
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
