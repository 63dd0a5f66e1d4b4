/**
 * Consumer that evaluates patterns. All events of a group are sent to one partition, from all partitions of `readings` and `events`.
 */
import { type KeyedProcess, type PartitionContext, reject } from '#runtime/consumer/index.ts'
import type { Families } from '../../telemetry/families.ts'
import { patternsTakeover } from '../takeover.ts'
import type { AnyRule } from './pattern.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from './pattern-event.ts'
import { PatternRun, type PatternStates } from './pattern-run.ts'
import { type PatternsInForce, patternsContext } from './patterns-in-force.ts'

/** Delay of timers, in milliseconds. The events of a group come from several partitions, so some of them may arrive late. */
const BEHIND_MS = 60_000

interface Patterns extends KeyedProcess<PatternStates, PatternEvent, PatternsInForce> {
  readonly context: PartitionContext<PatternsInForce>
}

/**
 * Returns the consumer that evaluates patterns.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function patterns(families: Families, packaged: readonly AnyRule[]): Patterns {
  return {
    name: 'patterns',
    accepts: [PATTERN_EVENT_TYPE],
    allowedLatenessMs: BEHIND_MS,
    awaitsLog: () => true,
    context: patternsContext(families, packaged),
    onEvent(states, event, inForce) {
      const { matches, per } = event.data ?? {}
      if (!Array.isArray(matches)) return reject('the event has no list of matches')
      const run = new PatternRun(event, states, event.timeMs, inForce)
      for (const pattern of inForce.byKey.values()) {
        if (pattern.rule.pattern.per !== per) continue
        const met = new Set<number>()
        for (const [index, name] of pattern.matcherKeys.entries()) if (matches.includes(name)) met.add(index)
        if (met.size > 0) run.event(pattern, event, met)
      }
      return run.step('no-rule')
    },
    onTimer(states, timer, inForce) {
      const run = new PatternRun(timer, states, timer.dueMs, inForce)
      run.applyDueChanges()
      return run.step('unchanged')
    },
    onErase: (states, erasure, inForce) => new PatternRun(erasure, states, erasure.timeMs, inForce).erase(),
    onTakeover: patternsTakeover,
  }
}
