/** State of one pattern for one entity or group. Times are event times, in milliseconds since the epoch. */
import type { FiredAlert } from '../alert.ts'

export interface PatternState {
  /** Set while the alert fires. */
  readonly firing?: FiringPattern
  /** Time at which the alert last fired, continued or resolved: earlier events have been used. */
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
  /** When the event came that completed the pattern. */
  readonly activeAtMs: number
  /** Since when the pattern no longer holds: the alert resolves `keepFiringFor` later. Absent while it holds. */
  readonly clearedAtMs?: number
  /** Time of the last match of a sequence that ends with an event. It resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/** Every time at which the steps were complete counts, of which the first and the last are known. */
export interface AbsenceWait {
  readonly sinceMs: number
  readonly latestMs: number
  /** When the event came that was awaited, if the wait was over by then, and others of the group may still be behind. */
  readonly cameMs?: number
}

/** Reason of a timer: the end of an absence, or any other end. */
export type Due = 'absence' | 'end'

export type Dues = Partial<Record<Due, number>>

/** A pattern of an entity or group, as it is stored. */
export interface TrackedPattern {
  readonly state: PatternState
  /** Set while it fires: the resolved event repeats it, even if the rule was removed meanwhile. */
  readonly alert?: FiredAlert
  /** When its timers are due that are set, by the durations that the rule had then. */
  readonly dues?: Dues
}

/** The patterns of an entity or group, by the key of their rule. */
export interface PatternStates {
  readonly tracked: Readonly<Record<string, TrackedPattern>>
  /** Time of the latest event that any of them asked for. */
  readonly seenMs: number
  /** When the rules of its alerts and waits are looked at next, in case they have been edited. */
  readonly checkMs?: number
}

/** `pending`: under way. Some of the events or steps have come. */
export function phaseOfPattern(state: PatternState): 'inactive' | 'pending' | 'firing' | 'recovering' {
  const { firing, counted, reached, waiting } = state
  if (!firing) return counted || reached || waiting ? 'pending' : 'inactive'
  return firing.clearedAtMs === undefined ? 'firing' : 'recovering'
}

/** When the alert resolves by time alone, as far as that is known; undefined if time alone does not end it. */
export function endOfFiring(
  { clearedAtMs, matchedAtMs }: FiringPattern,
  keepFiringForMs: number,
): number | undefined {
  if (clearedAtMs !== undefined) return clearedAtMs + keepFiringForMs
  return matchedAtMs !== undefined && keepFiringForMs > 0 ? matchedAtMs + keepFiringForMs : undefined
}
