/**
 * Patterns in the alerting consumer. Evaluates the patterns over the readings of a single entity, and sends readings to the groups
 * of all other patterns.
 */
import type { Received } from '../../../packages/runtime/consumer/event.ts'
import type { Emission, Timer } from '../../../packages/runtime/consumer/process.ts'
import type { Family, ReadingData } from '../../telemetry/families.ts'
import { factsOfReading } from './facts.ts'
import type { KeyedPattern, PatternsInForce } from './in-force.ts'
import { isMet } from './matcher.ts'
import type { Entity } from './pattern-alert.ts'
import { regrouped } from './pattern-event.ts'
import { PatternRun, type PatternStep, patternOfTimer } from './pattern-run.ts'
import type { PatternStates } from './state.ts'

/** Step of an entity without patterns. */
export const NO_PATTERNS: PatternStep = { states: undefined, reason: undefined, emissions: [], timers: [] }

export function patternsOnReading(
  patterns: PatternsInForce,
  states: PatternStates | undefined,
  event: Received,
  family: Family,
  data: ReadingData,
): PatternStep {
  const own = patterns.byFamily.get(family.name)
  const others = patterns.ofReadings.get(family.name)
  if (!own && !others && !states) return NO_PATTERNS
  const facts = factsOfReading(event, family, data)
  const run = new PatternRun(event, states, event.timeMs)
  endRemoved(run, patterns.ofEntities, patterns.paused)
  for (const pattern of own ?? []) {
    const met = new Set<number>()
    for (const [index, matcher] of pattern.matchers.entries()) if (isMet(matcher, facts)) met.add(index)
    if (met.size > 0) run.event(pattern, event, met)
  }
  const step = run.step()
  return others ? { ...step, emissions: [...step.emissions, ...regrouped(facts, others)] } : step
}

/**
 * Applies a due timer of a pattern.
 *
 * @param inForce active patterns that this consumer evaluates
 */
export function patternsOnTimer(
  inForce: ReadonlyMap<string, KeyedPattern>,
  paused: ReadonlySet<string>,
  states: PatternStates | undefined,
  timer: Timer,
): PatternStep {
  const run = new PatternRun(timer, states, timer.dueMs)
  const of = patternOfTimer(timer.name)
  endRemoved(run, inForce, paused)
  const pattern = of && inForce.get(of.key)
  if (pattern) run.time(pattern, of.due)
  if (!of) for (const key of run.keys) run.look(inForce.get(key) as KeyedPattern)
  return run.step(of === undefined)
}

/** Resolves the alerts of patterns that the active rule set no longer contains. */
export function endRemoved(
  run: PatternRun,
  inForce: ReadonlyMap<string, KeyedPattern>,
  paused: ReadonlySet<string>,
): void {
  for (const key of run.keys)
    if (!inForce.has(key)) run.end(key, paused.has(key) ? 'rule-paused' : 'rule-removed')
}

/** Resolves all alerts of an entity or group before its state is deleted. */
export function lastPatternAlerts(
  states: PatternStates | undefined,
  entity: Entity,
  atMs: number,
  reason: 'forgotten' | 'erased',
): readonly Emission[] {
  const run = new PatternRun(entity, states, atMs)
  for (const key of run.keys) run.end(key, reason)
  return run.step().emissions
}
