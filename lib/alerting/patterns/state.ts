/** State of one pattern for one entity or group. Times are event times, in milliseconds since the epoch. */
import type { FiredAlert } from '../alert.ts'

export interface PatternState {
  /** Firing alert, if any. */
  readonly firing?: FiringPattern
  /** Time at which the alert last fired, continued or resolved. Earlier events no longer count. */
  readonly decidedMs?: number
  /** Times of the latest events of a count, oldest first; at most as many as the rule counts. */
  readonly counted?: readonly number[]
  /** Time at which each step of a sequence was last reached; null before that. The last step needs no entry. */
  readonly reached?: readonly (number | null)[]
  /** Start of the absence, for a sequence whose steps have all occurred. */
  readonly waiting?: AbsenceWait
  /** Time of the last event of an absence. An earlier step that arrives later begins no wait. */
  readonly absentMs?: number
}

export interface FiringPattern {
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
  /** Time since which the pattern no longer holds: the alert resolves `keepFiringFor` later. Absent while it holds. */
  readonly clearedAtMs?: number
  /** Time of the last match of a sequence that ends with an event. It resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/** Every time at which the steps were complete counts, of which the first and the last are known. */
export interface AbsenceWait {
  readonly sinceMs: number
  readonly latestMs: number
  /** Time of the awaited event, if it came after the wait and others of the group may still be behind. */
  readonly cameMs?: number
}

/** Reason of a timer: the end of an absence, or any other end. */
export type Due = 'absence' | 'end'

export type Dues = Partial<Record<Due, number>>

/** Stored pattern of an entity or group. */
export interface TrackedPattern {
  readonly state: PatternState
  /** Firing alert, which the resolved event repeats even if the rule was removed meanwhile. */
  readonly alert?: FiredAlert
  /** Due times of the pending timers, by the durations of the rule when they were set. */
  readonly dues?: Dues
}

/** Patterns of an entity or group, by the key of their rule. */
export interface PatternStates {
  readonly tracked: Readonly<Record<string, TrackedPattern>>
  /** Time of the latest matching event. */
  readonly seenMs: number
  /** Next check whether the rules of its alerts and waits were edited. */
  readonly checkMs?: number
}

/** `pending`: some of the events or steps have arrived. */
export function phaseOfPattern(state: PatternState): 'inactive' | 'pending' | 'firing' | 'recovering' {
  const { firing, counted, reached, waiting } = state
  if (!firing) return counted || reached || waiting ? 'pending' : 'inactive'
  return firing.clearedAtMs === undefined ? 'firing' : 'recovering'
}

/** Returns when the alert resolves without an event; undefined if only an event ends it. */
export function endOfFiring(
  { clearedAtMs, matchedAtMs }: FiringPattern,
  keepFiringForMs: number,
): number | undefined {
  if (clearedAtMs !== undefined) return clearedAtMs + keepFiringForMs
  return matchedAtMs !== undefined && keepFiringForMs > 0 ? matchedAtMs + keepFiringForMs : undefined
}
