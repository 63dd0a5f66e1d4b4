/**
 * Consumer that evaluates patterns. All events of a group are sent to one partition, from all partitions of `readings` and `events`.
 */
import { defineProcess } from '#runtime/consumer'
import type { Families } from '../../telemetry/families.ts'
import { createRulesContext } from '../rules-context.ts'
import { patternsTakeover } from '../takeover.ts'
import type { AnyRule } from './pattern.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from './pattern-event.ts'
import { PatternRun, type PatternStates } from './pattern-run.ts'
import { type PatternsInForce, patternsInForce } from './patterns-in-force.ts'

/** Delay of timers, in milliseconds. The events of a group come from several partitions, so some of them may arrive late. */
const BEHIND_MS = 60_000

/**
 * Returns the consumer that evaluates patterns.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function patterns(families: Families, packaged: readonly AnyRule[]) {
  return defineProcess<PatternStates, PatternEvent, PatternsInForce>('patterns', {
    neverChangesState: true,
    accepts: [PATTERN_EVENT_TYPE],
    allowedLatenessMs: BEHIND_MS,
    awaitsLog: () => true,
    context: createRulesContext(families, packaged, patternsInForce),
    onEvent(states, event, step) {
      const { matches, per } = event.data
      const run = new PatternRun(event, states, event.timeMs, step)
      for (const pattern of step.context.byKey.values()) {
        if (pattern.rule.pattern.per !== per) continue
        const met = new Set<number>()
        for (const [index, name] of pattern.matcherKeys.entries()) if (matches.includes(name)) met.add(index)
        if (met.size > 0) run.event(pattern, event, met)
      }
      return run.complete(step, 'no-rule')
    },
    onTimer(states, timer, step) {
      const run = new PatternRun(timer, states, timer.dueMs, step)
      run.applyDueChanges()
      return run.complete(step, 'unchanged')
    },
    onTakeover: patternsTakeover,
  })
}
