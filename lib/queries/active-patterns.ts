/** The rules over several events that are on for an entity or group: under way, firing or recovering. */

import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { FiredAlert } from '../alerting/alert.ts'
import { identityOfPatternKey } from '../alerting/patterns/pattern.ts'
import { type PatternState, type PatternStates, phaseOfPattern } from '../alerting/patterns/state.ts'

interface ActivePattern {
  readonly partition: number
  readonly entity: string
  readonly rule: string
  readonly phase: 'pending' | 'firing' | 'recovering'
  readonly activeAt: string
  readonly alert: FiredAlert | null
}

/** @param states as alerting has them of an entity, or the consumer `patterns` of a group */
export function activePatterns(
  partition: number,
  entity: string,
  states: PatternStates | undefined,
): ActivePattern[] {
  return Object.entries(states?.tracked ?? {}).flatMap(([key, { state, alert }]) => {
    const phase = phaseOfPattern(state)
    if (phase === 'inactive') return []
    const rule = `${identityOfPatternKey(key)} pattern`
    return [{ partition, entity, rule, phase, activeAt: instant(sinceMs(state)), alert: alert ?? null }]
  })
}

/** While nothing has fired: when the first came of what is under way. */
function sinceMs({ firing, counted = [], reached = [], waiting }: PatternState): number {
  if (firing) return firing.activeAtMs
  const times = [...counted, ...reached.filter(atMs => atMs !== null), ...(waiting ? [waiting.sinceMs] : [])]
  return Math.min(...times)
}
