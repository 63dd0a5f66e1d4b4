/** Effect of an event or a timer on a pattern. Uses only event time. Pure. */
import type { TransitionReason } from '../reasons.ts'
import { countEvent, endOfCounting, passCounting } from './count.ts'
import { Draft, type PatternChange } from './draft.ts'
import type { PatternRule, SequencePattern } from './pattern.ts'
import { absenceEnds, endOfSequence, type Parts, passSequence, sequenceEvent } from './sequence.ts'
import type { Due, Dues, PatternState } from './state.ts'

/** Properties of a rule that decide about its pattern. */
export type PatternLife = Pick<PatternRule, 'pattern' | 'keepFiringForMs'>

export interface Evaluated {
  /** State to store, if any. */
  readonly state: PatternState | undefined
  readonly reason: TransitionReason
  /** Changes to publish, in order. */
  readonly changes: readonly PatternChange[]
}

/**
 * Applies an event to a pattern.
 *
 * @param met indexes in `matchersOf` of the matchers that the event meets; at least one
 * @param behindMs maximum delay of other events of the group, relative to this one
 */
export function onPatternEvent(
  { pattern, keepFiringForMs }: PatternLife,
  before: PatternState | undefined,
  timeMs: number,
  met: ReadonlySet<number>,
  behindMs = 0,
): Evaluated {
  const draft = new Draft(before)
  if (pattern.kind === 'count') countEvent(pattern, keepFiringForMs, draft, timeMs, met.has(1))
  else sequenceEvent(pattern, keepFiringForMs, draft, timeMs, partsOf(pattern, met), behindMs)
  return evaluated(draft)
}

/** Applies a due timer of the pattern. Every event until then must have arrived. */
export function onPatternTime(
  { pattern, keepFiringForMs }: PatternLife,
  before: PatternState,
  timeMs: number,
  due: Due,
): Evaluated {
  const draft = new Draft(before)
  if (pattern.kind === 'count') passCounting(pattern, keepFiringForMs, draft, timeMs)
  else passSequence(pattern, keepFiringForMs, draft, timeMs, due === 'absence' ? timeMs : undefined)
  return evaluated(draft)
}

/** Returns the times of the next changes without an event, by kind of timer. */
export function duesOf({ pattern, keepFiringForMs }: PatternLife, state: PatternState | undefined): Dues {
  if (!state) return {}
  if (pattern.kind === 'count') return present({ end: endOfCounting(pattern, keepFiringForMs, state) })
  // While the alert fires, another absence changes nothing.
  const holds = state.firing !== undefined && state.firing.clearedAtMs === undefined
  const absence = holds ? undefined : absenceEnds(pattern, state)
  return present({ absence, end: endOfSequence(pattern, keepFiringForMs, state) })
}

function present(dues: Record<string, number | undefined>): Dues {
  return Object.fromEntries(Object.entries(dues).filter(([, atMs]) => atMs !== undefined))
}

/** Assigns the indexes of `matchersOf` to the parts of a sequence: the steps, the absence, and the end of the alert. */
function partsOf({ steps, absence }: SequencePattern, met: ReadonlySet<number>): Parts {
  const absent = steps.length
  return {
    steps: met,
    isAbsent: absence !== undefined && met.has(absent),
    isUntil: met.has(absence ? absent + 1 : absent),
  }
}

function evaluated(draft: Draft): Evaluated {
  return { state: draft.next, reason: draft.reason, changes: draft.changes }
}
