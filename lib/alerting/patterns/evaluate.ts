/** Evaluates a pattern when an event arrives or a timer is due. Uses only event time. Pure. */
import type { TransitionReason } from '../reasons.ts'
import { countEvent, endOfCounting, passCounting } from './count.ts'
import { Draft, type PatternChange } from './draft.ts'
import type { PatternRule, SequencePattern } from './pattern.ts'
import { absenceEnds, endOfSequence, type Parts, passSequence, sequenceEvent } from './sequence.ts'
import type { Due, Dues, PatternState } from './state.ts'

/** Properties of a rule that its evaluation depends on. */
export type PatternLife = Pick<PatternRule, 'pattern' | 'keepFiringForMs'>

export interface Evaluated {
  /** State to store; undefined if nothing has to be stored. */
  readonly state: PatternState | undefined
  readonly reason: TransitionReason
  /** Changes to publish, in order. */
  readonly changes: readonly PatternChange[]
}

/**
 * Applies an event to a pattern.
 *
 * @param met indexes of the matchers that match the event, as in `matchersOf`; at least one
 * @param behindMs maximum time by which other events of the group may arrive later than this event
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

/** Applies a due timer of a pattern. All events until its due time must have arrived. */
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

/** Returns the times at which the state changes if no event arrives, by kind of timer. */
export function duesOf({ pattern, keepFiringForMs }: PatternLife, state: PatternState | undefined): Dues {
  if (!state) return {}
  if (pattern.kind === 'count') return present({ end: endOfCounting(pattern, keepFiringForMs, state) })
  // While the alert fires, the end of another absence has no effect.
  const holds = state.firing !== undefined && state.firing.clearedAtMs === undefined
  const absence = holds ? undefined : absenceEnds(pattern, state)
  return present({ absence, end: endOfSequence(pattern, keepFiringForMs, state) })
}

function present(dues: Record<string, number | undefined>): Dues {
  return Object.fromEntries(Object.entries(dues).filter(([, atMs]) => atMs !== undefined))
}

/** Maps the indexes of matching matchers to the parts of a sequence: the steps, the absence, and the end of the alert. */
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
