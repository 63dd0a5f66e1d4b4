/** What is remembered of one pattern for one entity or group. Times are event times, in milliseconds since the epoch. */
import type { FiredAlert } from '../alert.ts'

export interface PatternState {
  /** Set while the alert fires. */
  readonly firing?: FiringPattern
  /** When the alert last fired, went on or resolved: what happened before that has been used. */
  readonly decidedMs?: number
  /** Of a count: the times of the latest events, oldest first; at most as many as the rule counts. */
  readonly counted?: readonly number[]
  /** Of a sequence: by step, when it was last reached; null if it was not. The last step needs none. */
  readonly reached?: readonly (number | null)[]
  /** Of a sequence whose steps have all come: since when the absence lasts. */
  readonly waiting?: Waiting
  /** Of a sequence with an absence: when its event came last. A step from before it that arrives later begins no wait. */
  readonly absentMs?: number
}

export interface FiringPattern {
  /** When the event came that completed the pattern. */
  readonly activeAtMs: number
  /** Since when the pattern no longer holds: the alert resolves `keepFiringFor` later. Absent while it holds. */
  readonly clearedAtMs?: number
  /** Of a sequence that ends with an event, which does not last: when it last matched. It resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/** Every time at which the steps were complete counts, of which the first and the last are known. */
export interface Waiting {
  readonly sinceMs: number
  readonly latestMs: number
  /** When the event came that was awaited, if the wait was over by then, and others of the group may still be behind. */
  readonly cameMs?: number
}

/** What a timer waits for: the end of an absence, or of anything else. */
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
