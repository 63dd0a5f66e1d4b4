/**
 * Evaluates a pattern when an event arrives or a timer is due. Only event time matters. For a count, only the latest `count` times
 * are stored: it holds while the oldest of them is within the duration. For a sequence, only the latest time of each step is stored,
 * because it leaves the most time for the next step; after a match, all steps start over. Pure.
 */
import { higherPriority, type TransitionReason } from '../reasons.ts'
import type { CountPattern, PatternRule, SequencePattern } from './pattern.ts'

/** State of one pattern for one group. All times are event times, in milliseconds since the epoch. */
export interface PatternState {
  readonly firing?: FiringPattern
  /** Time of the latest decision about the alert. Earlier events of a sequence are not considered any more. */
  readonly decidedMs?: number
  /** Times of the latest events of a count, oldest first. At most as many times are stored as the rule counts. */
  readonly counted?: readonly number[]
  /** Latest time at which each step of a sequence was reached, or null if it was not. The last step has no entry. */
  readonly reached?: readonly (number | null)[]
}

interface FiringPattern {
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
  /** Time at which a count stopped holding; absent while it holds. The alert resolves `keepFiringFor` later. */
  readonly clearedAtMs?: number
  /** Time of the last match of a sequence. The alert resolves `keepFiringFor` later. */
  readonly matchedAtMs?: number
}

/** Properties of a rule that its evaluation depends on. */
export type PatternLife = Pick<PatternRule, 'pattern' | 'keepFiringForMs'>

export interface PatternChange {
  readonly kind: 'fired' | 'resolved'
  readonly atMs: number
  /** Time of the event that completed the pattern. */
  readonly activeAtMs: number
}

export interface EvaluationResult {
  /** State to store; undefined if nothing has to be stored. */
  readonly state: PatternState | undefined
  readonly reason: TransitionReason
  /** Changes to publish, in order. */
  readonly changes: readonly PatternChange[]
}

/**
 * Applies an event to a pattern.
 *
 * @param met indexes of the matchers that match the event, as in `listMatchers`; at least one
 */
export function onPatternEvent(
  { pattern, keepFiringForMs }: PatternLife,
  before: PatternState | undefined,
  timeMs: number,
  met: ReadonlySet<number>,
): EvaluationResult {
  const draft = new Draft(before)
  if (pattern.kind === 'count') {
    passCounting(pattern, keepFiringForMs, draft, timeMs - 1)
    count(pattern, draft, timeMs)
  } else if (draft.decidedMs !== undefined && timeMs < draft.decidedMs) draft.note('late')
  else {
    passSequence(pattern, keepFiringForMs, draft, timeMs - 1)
    advance(pattern, draft, timeMs, met)
  }
  return draft.result
}

/** Applies all changes of a pattern that are due by `timeMs`. All events until then must have arrived. */
export function onPatternTime(
  { pattern, keepFiringForMs }: PatternLife,
  before: PatternState,
  timeMs: number,
): EvaluationResult {
  const draft = new Draft(before)
  if (pattern.kind === 'count') passCounting(pattern, keepFiringForMs, draft, timeMs)
  else passSequence(pattern, keepFiringForMs, draft, timeMs)
  return draft.result
}

/** Returns the time at which the state next changes if no event arrives; undefined if nothing is stored. */
export function computePatternEnd(
  { pattern, keepFiringForMs }: PatternLife,
  state: PatternState,
): number | undefined {
  const { firing, counted = [], reached = [] } = state
  const endMs = firing && computeFiringEnd(firing, keepFiringForMs)
  if (endMs !== undefined) return endMs
  if (pattern.kind === 'count') {
    const last = counted.at(-1)
    // There is no end if the rule was edited and now requires more events than have arrived.
    if (firing) return computeCountEnd(pattern, counted) ?? last
    return last === undefined ? undefined : last + pattern.withinMs
  }
  const ends = reached.flatMap((atMs, index) =>
    atMs === null ? [] : [atMs + getStepDuration(pattern, index + 1)],
  )
  return ends.length === 0 ? undefined : Math.max(...ends)
}

/** Returns the phase of a pattern. `pending` means that only some of the events or steps have arrived. */
export function getPatternPhase({
  firing,
  counted,
  reached,
}: PatternState): 'inactive' | 'pending' | 'firing' | 'recovering' {
  if (!firing) return counted || reached ? 'pending' : 'inactive'
  return firing.clearedAtMs === undefined ? 'firing' : 'recovering'
}

function count(pattern: CountPattern, draft: Draft, timeMs: number): void {
  const nowMs = Math.max(timeMs, draft.counted.at(-1) ?? timeMs, draft.decidedMs ?? timeMs)
  if (timeMs + pattern.withinMs < nowMs) {
    draft.note('late')
    return
  }
  draft.counted = [...draft.counted, timeMs].sort((a, b) => a - b).slice(-pattern.count)
  const endMs = computeCountEnd(pattern, draft.counted)
  // The event with the latest time completed the count, which is not necessarily the event that arrived last.
  if (endMs !== undefined && endMs >= nowMs) draft.hold(draft.counted.at(-1) ?? timeMs)
  else if (!draft.firing) draft.note('pending')
}

function passCounting(pattern: CountPattern, keepMs: number, draft: Draft, timeMs: number): void {
  if (draft.firing && draft.firing.clearedAtMs === undefined) {
    const endMs = computeCountEnd(pattern, draft.counted) ?? timeMs
    if (endMs <= timeMs) draft.clear(endMs, keepMs)
  }
  draft.endBy(timeMs, keepMs)
  const remainingTimes = draft.counted.filter(atMs => atMs + pattern.withinMs > timeMs)
  if (remainingTimes.length === 0 && draft.counted.length > 0 && !draft.firing) draft.note('pending-ended')
  draft.counted = remainingTimes
}

/** Returns the time until which a count holds; undefined if there have never been enough events within the duration. */
function computeCountEnd({ count, withinMs }: CountPattern, counted: readonly number[]): number | undefined {
  const [oldest, newest] = [counted.at(-count), counted.at(-1)]
  if (oldest === undefined || newest === undefined || newest - oldest > withinMs) return undefined
  return oldest + withinMs
}

/** Applies an event to the steps in reverse order, so that one event never counts for two steps of a match. */
function advance(pattern: SequencePattern, draft: Draft, timeMs: number, met: ReadonlySet<number>): void {
  const last = pattern.steps.length - 1
  for (let index = last; index >= 0; index -= 1) {
    const before = index === 0 ? timeMs : (draft.reached[index - 1] ?? null)
    if (!met.has(index) || before === null || timeMs < before) continue
    if (index > 0 && timeMs > before + getStepDuration(pattern, index)) continue
    if (index === last) {
      draft.match(timeMs)
      return
    }
    const reached = Array.from({ length: last }, (_, at) => draft.reached[at] ?? null)
    reached[index] = Math.max(timeMs, reached[index] ?? timeMs)
    draft.reached = reached
    if (!draft.firing) draft.note('pending')
  }
}

function passSequence(pattern: SequencePattern, keepMs: number, draft: Draft, timeMs: number): void {
  draft.endBy(timeMs, keepMs)
  const remainingTimes = draft.reached.map((atMs, index) =>
    atMs !== null && atMs + getStepDuration(pattern, index + 1) > timeMs ? atMs : null,
  )
  const isOver = remainingTimes.every(atMs => atMs === null) && draft.reached.some(atMs => atMs !== null)
  if (isOver && !draft.firing) draft.note('pending-ended')
  draft.reached = remainingTimes
}

/** Returns the maximum time between a step and the previous one. */
function getStepDuration({ steps }: SequencePattern, index: number): number {
  return steps[index]?.withinMs ?? 0
}

/** Returns the time at which the alert resolves if no event arrives; undefined while a count holds. */
function computeFiringEnd({ clearedAtMs, matchedAtMs }: FiringPattern, keepMs: number): number | undefined {
  const sinceMs = clearedAtMs ?? matchedAtMs
  return sinceMs === undefined ? undefined : sinceMs + keepMs
}

/** Next state of a pattern while it is being evaluated, with the changes of its alert. */
class Draft {
  firing: FiringPattern | undefined
  decidedMs: number | undefined
  counted: readonly number[]
  reached: readonly (number | null)[]
  readonly #changes: PatternChange[] = []
  #reason: TransitionReason = 'unchanged'

  constructor(before: PatternState | undefined) {
    this.firing = before?.firing
    this.decidedMs = before?.decidedMs
    this.counted = before?.counted ?? []
    this.reached = before?.reached ?? []
  }

  note(reason: TransitionReason): void {
    this.#reason = higherPriority(this.#reason, reason)
  }

  /** Records that the pattern holds, and fires its alert. An alert that is already firing continues. */
  hold(timeMs: number): void {
    const atMs = this.#after(timeMs)
    if (!this.firing) {
      this.firing = { activeAtMs: timeMs }
      this.#decide('fired', atMs, timeMs)
    } else {
      if (this.firing.clearedAtMs !== undefined) this.note('relapsed')
      this.firing = { activeAtMs: this.firing.activeAtMs }
    }
    this.decidedMs = atMs
  }

  /** Records that an event has completed the sequence. */
  match(timeMs: number): void {
    this.hold(timeMs)
    if (this.firing) this.firing = { ...this.firing, matchedAtMs: timeMs }
    this.reached = []
  }

  /** Records that the pattern no longer holds. The alert resolves `keepFiringForMs` later. */
  clear(timeMs: number, keepFiringForMs: number): void {
    const atMs = this.#after(timeMs)
    if (keepFiringForMs === 0) this.#resolve(atMs)
    else if (this.firing) {
      this.firing = { ...this.firing, clearedAtMs: atMs }
      this.note('recovering')
    }
  }

  /** Resolves the alert if it is due to resolve by `timeMs`. */
  endBy(timeMs: number, keepFiringForMs: number): void {
    const endMs = this.firing && computeFiringEnd(this.firing, keepFiringForMs)
    if (endMs !== undefined && endMs <= timeMs) this.#resolve(endMs)
  }

  get result(): EvaluationResult {
    return { state: this.#next(), reason: this.#reason, changes: this.#changes }
  }

  #next(): PatternState | undefined {
    const { firing, decidedMs, counted, reached } = this
    const isUnderWay = reached.some(atMs => atMs !== null)
    if (!firing && counted.length === 0 && !isUnderWay) return undefined
    return {
      ...(firing && { firing }),
      ...(decidedMs === undefined ? {} : { decidedMs }),
      ...(counted.length > 0 && { counted }),
      ...(isUnderWay && { reached }),
    }
  }

  #resolve(timeMs: number): void {
    if (!this.firing) return
    const { activeAtMs } = this.firing
    this.firing = undefined
    this.#decide('resolved', this.#after(timeMs), activeAtMs)
  }

  #decide(kind: PatternChange['kind'], atMs: number, activeAtMs: number): void {
    this.#changes.push({ kind, atMs, activeAtMs })
    this.decidedMs = atMs
    this.note(kind)
  }

  /** Returns the given time or, if it is later, the time of the last decision. */
  #after(timeMs: number): number {
    return Math.max(timeMs, this.decidedMs ?? timeMs)
  }
}
