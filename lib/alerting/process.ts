/**
 * Consumer `alerting`: evaluates every reading against the rules of its family, and every final row of a table against the rules of
 * the table. Emits an event whenever an alert fires or resolves.
 */

import {
  type CompletedStep,
  completeStep,
  type Emission,
  type KeyedProcess,
  type PartitionContext,
  type Received,
  reject,
  type Timer,
} from '#runtime/consumer/index.ts'
import { PARKING, parkedForMs } from '../failures/policy.ts'
import { isEmpty } from '../support/json.ts'
import type { Families, Family, ReadingData } from '../telemetry/families.ts'
import { TICK_TYPE } from '../telemetry/tick.ts'
import { VIEW_CHANGED_TYPE, type ViewChanged } from '../views/event-names.ts'
import { EntityRun } from './entity-run.ts'
import type { AlertingState, SetTimers } from './entity-state.ts'
import { evaluate } from './evaluate-rules.ts'
import { createReadingFacts } from './patterns/facts.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { buildPatternEvents } from './patterns/pattern-event.ts'
import { applyTick, firePipelineDown, isClock, PIPELINE_DOWN_TIMER } from './pipeline-down.ts'
import type { TransitionReason } from './reasons.ts'
import { listRules } from './rule-set.ts'
import { RULES_ACTIVATED_TYPE } from './rules-activated.ts'
import { type RulesInForce, rulesInForce } from './rules-in-force.ts'
import { findNewSilenceRules, isForgotten, LOOK, scheduleLook, scheduleNextLook } from './silent-entities.ts'
import { alertingTakeover } from './takeover.ts'
import { isSilenceTimer, isWakeUp, timerChanges, wantedTimers, withoutFired } from './wake-ups.ts'

/**
 * Reasons of the alerting consumer. `no-rule`: no rule watches a metric of the reading. `window-open`: the row of a table can still
 * change.
 */
type AlertingReason = TransitionReason | 'no-rule' | 'window-open'

interface Alerting extends KeyedProcess<AlertingState, ReadingData, RulesInForce> {
  readonly context: PartitionContext<RulesInForce>
}

/**
 * Returns the alerting consumer. In each partition, it evaluates the rules that the log has activated there. See `rules-activated.ts`.
 *
 * @param families families of the readings
 * @param packaged rules that apply until the log activates a rule set
 * @throws Error if two rules have the same identity, because their states and alerts would be mixed up
 */
export function alerting(families: Families, packaged: readonly AnyRule[]): Alerting {
  return {
    name: 'alerting',
    accepts: [...families.readingTypes, VIEW_CHANGED_TYPE, TICK_TYPE],
    // Readings of an entity must be applied in order. A reading that arrives after later ones does not count towards the durations
    // of rules.
    parking: { forMs: parkedForMs(PARKING.alerting) },
    awaitsLog: timer => timer !== PIPELINE_DOWN_TIMER && !isWakeUp(timer),
    context: {
      setBy: RULES_ACTIVATED_TYPE,
      initial: rulesInForce(packaged),
      read(data) {
        const read = listRules(families, data)
        return 'error' in read ? reject(read.error) : { kind: 'context', context: rulesInForce(read.rules) }
      },
      reasons: { changed: 'rules-activated', unchanged: 'rules-unchanged' },
    },
    onEvent(state, event, rules) {
      if (event.type === TICK_TYPE)
        return isClock(event) ? applyTick(state, event) : completeStep('tick', state)
      if (isClock(event))
        return reject(`${event.source} without a subject is the clock, which sends only ticks`)
      const family = families.findByType(event.type)
      const { data } = event
      if (typeof data !== 'object' || data === null) return reject('the reading has no data')
      if (family === undefined) return onChange(rules, state, event, data as object as ViewChanged)
      const regroupings = rules.patterns.ofReadings.get(family.name)
      const forPatterns = regroupings
        ? buildPatternEvents(createReadingFacts(event, family, data), regroupings)
        : []
      return onValues(rules, state, event, family, data, forPatterns)
    },
    onTimer(state, timer, rules) {
      return timer.name === PIPELINE_DOWN_TIMER
        ? firePipelineDown(state, timer)
        : applyTimer(rules, state, timer)
    },
    onErase: (state, erasure) => resolveAlerts(state, erasure, erasure.timeMs, 'erased'),
    onTakeover: alertingTakeover,
  }
}

/**
 * Evaluates a row of a table once it is final, at the end of its window. Rows of tables without windows are always final. A final
 * row that has ended resolves the alerts of the rules over it.
 */
function onChange(
  rules: RulesInForce,
  state: AlertingState | undefined,
  event: Received,
  { row, window, final: isFinal, tombstone }: ViewChanged,
): CompletedStep<AlertingState> {
  if (window && !isFinal) return completeStep('window-open' satisfies AlertingReason, state)
  const at = window ? { ...event, timeMs: Date.parse(window.end) } : event
  return onValues(rules, state, at, event.source, tombstone ? undefined : row)
}

function onValues(
  rules: RulesInForce,
  state: AlertingState | undefined,
  event: Received,
  watched: Family | string,
  data: ReadingData | undefined,
  forPatterns: readonly Emission[] = [],
): CompletedStep<AlertingState> {
  const run = new EntityRun(event)
  const { seen, history } = evaluate(run, rules, state, event, watched, data)
  const reason: AlertingReason = run.reason ?? 'no-rule'
  const emissions = forPatterns.length === 0 ? run.emissions : [...run.emissions, ...forPatterns]
  const before = state ?? {}
  const wanted = wantedTimers(rules, run.rules, event.timeMs, before)
  const next = buildState(seen, run.rules, history, wanted)
  if (next === undefined) return completeStep(reason, undefined, emissions)
  const timers = timerChanges(before, wanted)
  timers.push(...scheduleLook(findLatestMs(state), event.timeMs))
  return completeStep(reason, next, emissions, timers)
}

/** Applies a due timer: the end of a duration, a silence, or the periodic check of the entity. */
function applyTimer(rules: RulesInForce, state: AlertingState, timer: Timer): CompletedStep<AlertingState> {
  const isLook = timer.name === LOOK
  const latestMs = findLatestMs(state) ?? timer.dueMs
  if (isLook && isForgotten(latestMs, timer.dueMs)) return forgetEntity(state, timer)
  const run = new EntityRun(timer)
  for (const [key, tracked] of Object.entries(state.rules)) {
    const rule = rules.byKey.get(key)?.rule
    if (rule) run.tick(key, rule, tracked, timer.dueMs, isSilenceTimer(timer.name))
    else run.end(tracked, timer.dueMs, rules.paused.has(key) ? 'rule-paused' : 'rule-removed')
  }
  for (const [key, tracked] of findNewSilenceRules(rules, state.rules, state.seen, timer))
    run.keep(key, tracked)
  const before = withoutFired(state, timer)
  const wanted = wantedTimers(rules, run.rules, timer.dueMs, before)
  const next = buildState(state.seen, run.rules, state.history, wanted)
  const reason: AlertingReason = run.reason ?? 'unchanged'
  if (next === undefined) return completeStep(reason, undefined, run.emissions)
  return completeStep(reason, next, run.emissions, [
    ...timerChanges(before, wanted),
    ...(isLook ? [scheduleNextLook(latestMs, timer.dueMs)] : []),
  ])
}

/** Forgets an entity that has stopped reporting, and resolves its alerts, because no reading can clear them any more. */
function forgetEntity(state: AlertingState, timer: Timer): CompletedStep<AlertingState> {
  return completeStep('forgotten', undefined, resolveAlerts(state, timer, timer.dueMs, 'forgotten'))
}

/** Resolves all alerts of an entity whose state is deleted. */
function resolveAlerts(
  { rules }: AlertingState,
  entity: Pick<Received, 'source' | 'subject' | 'entity'>,
  atMs: number,
  reason: 'forgotten' | 'erased',
): readonly Emission[] {
  const run = new EntityRun(entity)
  for (const tracked of Object.values(rules)) run.end(tracked, atMs, reason)
  return run.emissions
}

/** Returns the time at which the entity last reported a watched metric; undefined if it never did. */
function findLatestMs(state: AlertingState | undefined): number | undefined {
  if (state === undefined) return undefined
  let latest: number | undefined
  for (const metric in state.seen) latest = Math.max(latest ?? 0, state.seen[metric] as number)
  return latest
}

function buildState(
  seen: AlertingState['seen'],
  rules: AlertingState['rules'],
  history: AlertingState['history'],
  timers: SetTimers,
): AlertingState | undefined {
  if (isEmpty(rules) && isEmpty(seen)) return undefined
  return history ? { seen, rules, history, ...timers } : { seen, rules, ...timers }
}
