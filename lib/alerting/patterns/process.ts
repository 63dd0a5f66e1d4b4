/**
 * Consumer that evaluates patterns over groups. All events of a group are sent to one partition, from all partitions of `readings`
 * and `events`.
 */
import type { Received } from '../../../packages/runtime/consumer/event.ts'
import { FORGET, forgetting } from '../../../packages/runtime/consumer/forgetting.ts'
import {
  decided,
  type KeyedProcess,
  type PartitionContext,
  rejected,
  type Step,
} from '../../../packages/runtime/consumer/process.ts'
import { READINGS_TOPIC } from '../../telemetry/readings-topic.ts'
import type { TransitionReason } from '../reasons.ts'
import { patternsTakeover } from '../takeover.ts'
import { patternsContext } from './context.ts'
import type { PatternsInForce } from './in-force.ts'
import { endRemoved, lastPatternAlerts, patternsOnTimer } from './of-entities.ts'
import type { AnyRule } from './pattern.ts'
import { PATTERN_EVENT_TYPE, type PatternEvent } from './pattern-event.ts'
import { PatternRun, type PatternStep } from './pattern-run.ts'
import type { PatternStates } from './state.ts'

/** Delay of timers, in milliseconds. The events of a group come from several partitions, so some of them may arrive late. */
const BEHIND_MS = 60_000
/** Number of days without events after which a firing group is forgotten. It is longer than the retention of the log. */
const FORGOTTEN_AFTER_DAYS = READINGS_TOPIC.keptDays + 1

type PatternReason = TransitionReason | 'no-rule'

interface Patterns extends KeyedProcess<PatternStates, PatternEvent, PatternsInForce> {
  readonly context: PartitionContext<PatternsInForce>
}

/**
 * Returns the consumer that evaluates patterns over groups.
 *
 * @param packaged rules that apply until the log activates a rule set
 */
export function patterns(packaged: readonly AnyRule[]): Patterns {
  return {
    name: 'patterns',
    accepts: [PATTERN_EVENT_TYPE],
    allowedLatenessMs: BEHIND_MS,
    awaitsLog: timer => timer !== FORGET,
    context: patternsContext(packaged),
    onEvent(states, event, inForce) {
      if (!Array.isArray(event.data?.matches)) return rejected('the event has no list of matches')
      return onGroupEvent(states, event, event.data.matches, inForce)
    },
    onTimer(states, timer, { ofGroups, paused }) {
      if (timer.name === FORGET)
        return decided('forgotten', undefined, lastPatternAlerts(states, timer, timer.dueMs, 'forgotten'))
      return stepOf(patternsOnTimer(ofGroups, paused, states, timer), 'unchanged')
    },
    onErase: (states, erasure) => lastPatternAlerts(states, erasure, erasure.timeMs, 'erased'),
    onTakeover: patternsTakeover,
  }
}

function onGroupEvent(
  states: PatternStates | undefined,
  event: Received<PatternEvent>,
  matches: readonly string[],
  { ofGroups, paused }: PatternsInForce,
): Step<PatternStates> {
  const run = new PatternRun(event, states, event.timeMs)
  endRemoved(run, ofGroups, paused)
  for (const pattern of ofGroups.values()) {
    if (pattern.rule.pattern.per !== event.data?.per) continue
    const met = new Set<number>()
    for (const [index, name] of pattern.matcherKeys.entries()) if (matches.includes(name)) met.add(index)
    if (met.size > 0) run.event(pattern, event, met, BEHIND_MS)
  }
  const step = run.step()
  return stepOf(step, 'no-rule', forgetting(states?.seenMs, event.timeMs, FORGOTTEN_AFTER_DAYS))
}

function stepOf(
  { states, reason, emissions, timers }: PatternStep,
  otherwise: PatternReason,
  forget: ReturnType<typeof forgetting> = [],
): Step<PatternStates> {
  if (!states) return decided(reason ?? otherwise, undefined, emissions)
  return decided(reason ?? otherwise, states, emissions, [...timers, ...forget])
}
