/** State of one pattern for one entity or group. All times are event times, in milliseconds since the epoch. */
import type { FiredAlert } from '../alert.ts'

export interface PatternState {
  readonly firing?: FiringPattern
  /** Time of the latest decision about the alert. Events before this time are not counted any more. */
  readonly decidedMs?: number
  /** Times of the latest events of a counting pattern, oldest first. At most as many times are stored as the rule counts. */
  readonly counted?: readonly number[]
  /** Latest time at which each step of a sequence was reached, or null if it was not. The last step has no entry. */
  readonly reached?: readonly (number | null)[]
  /** Wait for the event of the absence. Present once all steps of the sequence have been reached. */
  readonly waiting?: AbsenceWait
  /** Time of the latest event of the absence. A wait that would include this time is not started. */
  readonly absentMs?: number
}

export interface FiringPattern {
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
  /** Time at which the pattern stopped holding; absent while it holds. The alert resolves `keepFiringFor` later. */
  readonly clearedAtMs?: number
  /** Time of the last match of a sequence that ends with an event. The alert resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/**
 * Wait for the event of an absence. A wait starts each time the steps are complete. Only the first and the last of these start
 * times are stored.
 */
export interface AbsenceWait {
  readonly sinceMs: number
  readonly latestMs: number
  /** Time of the awaited event, if it has arrived while other events of the group may still be delayed. */
  readonly cameMs?: number
}

/** Kind of a timer: the end of an absence, or any other change. */
export type Due = 'absence' | 'end'

export type Dues = Partial<Record<Due, number>>

/** Stored state of a pattern for an entity or group. */
export interface TrackedPattern {
  readonly state: PatternState
  /** Firing alert. The resolved event repeats it, even if the rule has been removed. */
  readonly alert?: FiredAlert
  /** Due times of the pending timers. They were computed with the durations that the rule had at that time. */
  readonly dues?: Dues
}

/** States of the patterns of an entity or group, by state key. */
export interface PatternStates {
  readonly tracked: Readonly<Record<string, TrackedPattern>>
  /** Time of the latest event that matched a pattern. */
  readonly seenMs: number
  /** Time of the next check for firing alerts and waits whose rules were edited. */
  readonly checkMs?: number
}

/** Returns the phase of a pattern. `pending` means that only some of the events or steps have arrived. */
export function phaseOfPattern(state: PatternState): 'inactive' | 'pending' | 'firing' | 'recovering' {
  const { firing, counted, reached, waiting } = state
  if (!firing) return counted || reached || waiting ? 'pending' : 'inactive'
  return firing.clearedAtMs === undefined ? 'firing' : 'recovering'
}

/** Returns the time at which the alert resolves if no event arrives; undefined if only an event can end it. */
export function endOfFiring(
  { clearedAtMs, matchedAtMs }: FiringPattern,
  keepFiringForMs: number,
): number | undefined {
  if (clearedAtMs !== undefined) return clearedAtMs + keepFiringForMs
  return matchedAtMs !== undefined && keepFiringForMs > 0 ? matchedAtMs + keepFiringForMs : undefined
}
