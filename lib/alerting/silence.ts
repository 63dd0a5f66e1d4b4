/** What time alone does to a rule: silence, and durations that end while nothing arrives. Pure. */
import type { TransitionReason } from './reasons.ts'
import type { Rule } from './rule.ts'
import { latestMs, type RuleState } from './rule-state.ts'

type Durations = Pick<Rule, 'forMs' | 'keepFiringForMs' | 'staleAfterMs' | 'onSilence'>

interface AfterTick {
  readonly state: RuleState
  readonly reason: TransitionReason
  /** The instant that had come. */
  readonly atMs: number
}

interface Due {
  readonly what: 'keep' | 'for' | 'silence'
  readonly atMs: number
}

/** The instants at which time alone changes the state, unless a reading comes before or at them. */
export function wakeUps(rule: Durations, state: RuleState): readonly number[] {
  return dues(rule, state).map(({ atMs }) => atMs)
}

/** The first thing that is due at this time or before it; undefined if nothing is. */
export function afterTick(rule: Durations, state: RuleState, timeMs: number): AfterTick | undefined {
  const [due] = dues(rule, state).toSorted((a, b) => a.atMs - b.atMs)
  if (due === undefined || due.atMs > timeMs) return undefined
  // A rule that was edited may have had an earlier instant than what was decided last.
  const atMs = Math.max(due.atMs, latestMs(state))
  const silent = state.silent && { silent: state.silent }
  const watched = { seenMs: state.seenMs, decidedMs: atMs, ...silent }
  switch (due.what) {
    case 'keep':
      return { state: { phase: 'inactive', ...watched }, reason: 'resolved', atMs }
    case 'for':
      return { ...silence(rule, state, atMs), atMs }
    case 'silence':
      return { ...silence(rule, state, atMs), atMs }
  }
}

function dues(rule: Durations, state: RuleState): Due[] {
  const found: Due[] = []
  if (state.phase === 'recovering')
    found.push({ what: 'keep', atMs: state.clearedAtMs + rule.keepFiringForMs })
  if (state.silent === undefined && rule.staleAfterMs > 0 && awaitsSilence(rule, state))
    found.push({ what: 'silence', atMs: state.seenMs + rule.staleAfterMs })
  if (state.silent === 'bad' && state.phase === 'pending')
    found.push({ what: 'for', atMs: state.activeAtMs + rule.forMs })
  return found
}

function awaitsSilence({ onSilence }: Durations, { phase }: RuleState): boolean {
  if (onSilence === 'alert' || onSilence === 'no-data' || phase === 'pending') return true
  return onSilence === 'ok' && phase !== 'inactive'
}

function silence(rule: Durations, state: RuleState, atMs: number): Omit<AfterTick, 'atMs'> {
  const watched = { seenMs: state.seenMs, decidedMs: atMs }
  switch (rule.onSilence) {
    case 'alert':
      return countedAsBad(rule, state, atMs)
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

function countedAsBad(rule: Durations, state: RuleState, atMs: number): Omit<AfterTick, 'atMs'> {
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
