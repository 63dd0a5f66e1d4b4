/** Changes of a rule's state without a reading: silences, and the ends of durations. Pure. */
import type { TransitionReason } from './reasons.ts'
import type { Rule } from './rule.ts'
import { latestMs, type RuleState } from './rule-state.ts'

type Durations = Pick<Rule, 'forMs' | 'keepFiringForMs' | 'staleAfterMs' | 'onSilence'>

interface AfterTick {
  readonly state: RuleState
  readonly reason: TransitionReason
  /** Time at which the change was due. */
  readonly atMs: number
}

/** Time at which the state changes if no reading arrives before. */
interface WakeUp {
  readonly atMs: number
  /** True if the change results from a silence. Such a change is triggered only by the log's clock, not by a later event. */
  readonly isOfSilence: boolean
}

interface Due {
  readonly what: 'keep' | 'held' | 'for' | 'silence'
  readonly atMs: number
}

export function wakeUps(rule: Durations, state: RuleState): readonly WakeUp[] {
  return listDueChanges(rule, state).map(({ what, atMs }) => ({ atMs, isOfSilence: isOfSilence(what) }))
}

/**
 * Returns the first change that is due by `timeMs`; undefined if none is due.
 *
 * @param isSilenceKnown true if the log's clock has reached `timeMs`; otherwise changes that result from a silence are not due
 */
export function afterTick(
  rule: Durations,
  state: RuleState,
  timeMs: number,
  isSilenceKnown: boolean,
): AfterTick | undefined {
  const [due] = listDueChanges(rule, state)
    .filter(({ what }) => isSilenceKnown || !isOfSilence(what))
    .toSorted((a, b) => a.atMs - b.atMs)
  if (due === undefined || due.atMs > timeMs) return undefined
  const { what, atMs } = due
  const silent = state.silent && { silent: state.silent }
  const watched = { seenMs: state.seenMs, decidedMs: atMs, ...silent }
  if (what === 'keep') return { state: { phase: 'inactive', ...watched }, reason: 'resolved', atMs }
  if (what === 'held' && state.phase === 'pending') {
    const { activeAtMs } = state
    return { state: { phase: 'firing', activeAtMs, ...watched }, reason: 'fired', atMs }
  }
  return { ...applySilence(rule, state, atMs), atMs }
}

function isOfSilence(what: Due['what']): boolean {
  return what === 'silence' || what === 'for'
}

/** Returns whether a silence always affects the rule, even while the rule is inactive. */
export function awaitsEverySilence({
  onSilence,
  staleAfterMs,
}: Pick<Rule, 'onSilence' | 'staleAfterMs'>): boolean {
  return staleAfterMs > 0 && (onSilence === 'alert' || onSilence === 'no-data')
}

function listDueChanges(rule: Durations, state: RuleState): Due[] {
  const found: Due[] = []
  // If the rule was edited, the computed due time can be before the last change.
  const add = (what: Due['what'], atMs: number) => found.push({ what, atMs: Math.max(atMs, latestMs(state)) })
  const silentAtMs = state.seenMs + rule.staleAfterMs
  if (state.phase === 'recovering') add('keep', state.clearedAtMs + rule.keepFiringForMs)
  if (state.silent === undefined && rule.staleAfterMs > 0 && awaitsSilence(rule, state))
    add('silence', silentAtMs)
  if (state.phase === 'pending') {
    const heldAtMs = state.activeAtMs + rule.forMs
    if (state.silent === 'bad') add('for', heldAtMs)
    // If a silence begins before the duration ends, only the silence takes effect.
    else if (rule.staleAfterMs > 0 && heldAtMs < silentAtMs) add('held', heldAtMs)
  }
  return found
}

function awaitsSilence(rule: Durations, { phase }: RuleState): boolean {
  if (awaitsEverySilence(rule) || phase === 'pending') return true
  return rule.onSilence === 'ok' && phase !== 'inactive'
}

function applySilence(rule: Durations, state: RuleState, atMs: number): Omit<AfterTick, 'atMs'> {
  const watched = { seenMs: state.seenMs, decidedMs: atMs }
  switch (rule.onSilence) {
    case 'alert':
      return countAsBad(rule, state, atMs)
    case 'no-data': {
      const after = { ...watched, silent: 'no-data' } as const
      if (state.phase === 'pending') return { state: { phase: 'inactive', ...after }, reason: 'no-data' }
      return { state: { ...state, ...after }, reason: 'no-data' }
    }
    default: {
      const reason = state.phase === 'pending' ? 'pending-stale' : 'resolved-by-silence'
      return { state: { phase: 'inactive', ...watched }, reason }
    }
  }
}

function countAsBad(rule: Durations, state: RuleState, atMs: number): Omit<AfterTick, 'atMs'> {
  const after = { seenMs: state.seenMs, decidedMs: atMs, silent: 'bad' } as const
  if (state.phase === 'firing' || state.phase === 'recovering') {
    const { phase, activeAtMs } = state
    const reason = phase === 'recovering' ? 'relapsed' : 'unchanged'
    return { state: { phase: 'firing', activeAtMs, ...after }, reason }
  }
  const activeAtMs = state.phase === 'pending' ? state.activeAtMs : atMs
  return atMs - activeAtMs >= rule.forMs
    ? { state: { phase: 'firing', activeAtMs, ...after }, reason: 'fired-by-silence' }
    : { state: { phase: 'pending', activeAtMs, ...after }, reason: 'pending' }
}
