/** State of one pattern for one entity or group. All times are event times, in milliseconds since the epoch. */
import type { FiredAlert } from '../alert.ts'

export interface PatternState {
  /** Firing alert, if any. */
  readonly firing?: FiringPattern
  /** Time at which the alert last fired, continued or resolved. Events before it no longer count. */
  readonly decidedMs?: number
  /** Times of the latest events of a count, oldest first; at most as many as the rule counts. */
  readonly counted?: readonly number[]
  /** Time at which each step of a sequence was last reached; null before that. The last step needs no entry. */
  readonly reached?: readonly (number | null)[]
  /** Wait for the absent event; present once all steps of the sequence have occurred. */
  readonly waiting?: AbsenceWait
  /** Time of the last event of the absence. A wait that would begin before it is not started. */
  readonly absentMs?: number
}

export interface FiringPattern {
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
  /** Time since which the pattern no longer holds. The alert resolves `keepFiringFor` later. Absent while the pattern holds. */
  readonly clearedAtMs?: number
  /** Time of the last match, for a sequence that ends with an event. The alert resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/**
 * Wait for an absent event, which starts at every time at which the steps were complete. The first and the
 * last of these times are stored.
 */
export interface AbsenceWait {
  readonly sinceMs: number
  readonly latestMs: number
  /** Time of the awaited event, if it arrived but others of the group may still be delayed. */
  readonly cameMs?: number
}

/** Kind of a timer: the end of an absence, or any other change. */
export type Due = 'absence' | 'end'

export type Dues = Partial<Record<Due, number>>

/** Stored state of a pattern for an entity or group. */
export interface TrackedPattern {
  readonly state: PatternState
  /** Firing alert. The resolved event repeats it, even if the rule was removed meanwhile. */
  readonly alert?: FiredAlert
  /** Due times of the pending timers, computed with the durations that the rule had when they were set. */
  readonly dues?: Dues
}

/** Patterns of an entity or group, by the key of their state. */
export interface PatternStates {
  readonly tracked: Readonly<Record<string, TrackedPattern>>
  /** Time of the latest matching event. */
  readonly seenMs: number
  /** Time of the next check whether the rules of alerts and waits were edited. */
  readonly checkMs?: number
}

/** Returns the phase of a pattern. `pending` means that some of the events or steps have occurred. */
export function phaseOfPattern(state: PatternState): 'inactive' | 'pending' | 'firing' | 'recovering' {
  const { firing, counted, reached, waiting } = state
  if (!firing) return counted || reached || waiting ? 'pending' : 'inactive'
  return firing.clearedAtMs === undefined ? 'firing' : 'recovering'
}

/** Returns the time at which the alert resolves without an event; undefined if only an event ends it. */
export function endOfFiring(
  { clearedAtMs, matchedAtMs }: FiringPattern,
  keepFiringForMs: number,
): number | undefined {
  if (clearedAtMs !== undefined) return clearedAtMs + keepFiringForMs
  return matchedAtMs !== undefined && keepFiringForMs > 0 ? matchedAtMs + keepFiringForMs : undefined
}
