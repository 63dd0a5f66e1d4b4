/**
 * Consumer `alerting`: evaluates every reading against the rules of its family, and every final row of a table against the rules of
 * the table. Emits an event whenever an alert fires or resolves.
 */

import { defineProcess, type Received, type Step, type Timer, type TypedEvent } from '#runtime/consumer'
import { PARKING, parkedForMs } from '../failures/policy.ts'
import { isEmpty } from '../support/json.ts'
import type { Families, Family, ReadingData } from '../telemetry/families.ts'
import { TICK_TYPE, type Tick } from '../telemetry/tick.ts'
import { VIEW_CHANGED_TYPE, type ViewChanged } from '../views/event-names.ts'
import { EntityRun } from './entity-run.ts'
import type { AlertingState, SetTimers } from './entity-state.ts'
import { evaluate } from './evaluate-rules.ts'
import { createReadingFacts } from './patterns/facts.ts'
import type { AnyRule } from './patterns/pattern.ts'
import { emitPatternEvents } from './patterns/pattern-event.ts'
import { applyTick, firePipelineDown, isClock, PIPELINE_DOWN_TIMER } from './pipeline-down.ts'
import type { TransitionReason } from './reasons.ts'
import { createRulesContext } from './rules-context.ts'
import { type RulesInForce, rulesInForce } from './rules-in-force.ts'
import { findNewSilenceRules, isForgotten, LOOK, scheduleLook, scheduleNextLook } from './silent-entities.ts'
import { alertingTakeover } from './takeover.ts'
import { changeTimers, isSilenceTimer, isWakeUp, wantedTimers, withoutFired } from './wake-ups.ts'

/**
 * Reasons of the alerting consumer. `no-rule`: no rule watches a metric of the reading. `window-open`: the row of a table can still
 * change.
 */
type AlertingReason = TransitionReason | 'no-rule' | 'window-open'

/**
 * Returns the alerting consumer. In each partition, it evaluates the rules that the log has activated there. See `rules-activated.ts`.
 *
 * @param families families of the readings
 * @param packaged rules that apply until the log activates a rule set
 * @throws Error if two rules have the same identity, because their states and alerts would be mixed up
 */
export function alerting(families: Families, packaged: readonly AnyRule[]) {
  return defineProcess<AlertingState, unknown, RulesInForce>('alerting', {
    neverChangesState: true,
    accepts: families.readingTypes,
    // Readings of an entity must be applied in order. A reading that arrives after later ones does not count towards the durations
    // of rules.
    parking: { forMs: parkedForMs(PARKING.alerting) },
    awaitsLog: timer => timer !== PIPELINE_DOWN_TIMER && !isWakeUp(timer),
    context: createRulesContext(families, packaged, rulesInForce),
    on: { [TICK_TYPE]: onTick, [VIEW_CHANGED_TYPE]: onChange },
    onEvent(state, event: TypedEvent<ReadingData>, step) {
      const family = families.findByType(event.type)
      if (!family) return step.reject('the reading is of an unknown family')
      const next = applyValues(step, state, event, family, event.data)
      const regroupings = step.context.patterns.ofReadings.get(family.name)
      if (regroupings) emitPatternEvents(step, createReadingFacts(event, family, event.data), regroupings)
      return next
    },
    onTimer: (state, timer, step) =>
      timer.name === PIPELINE_DOWN_TIMER
        ? firePipelineDown(state, timer, step)
        : applyTimer(state, timer, step),
    onTakeover: alertingTakeover,
  })
}

function onTick(
  state: AlertingState | undefined,
  tick: TypedEvent<Tick>,
  step: Step,
): AlertingState | undefined {
  if (isClock(tick)) return applyTick(state, tick, step)
  step.reason('tick')
  return state
}

/**
 * Evaluates a row of a table once it is final, at the end of its window. Rows of tables without windows are always final. A final
 * row that has ended resolves the alerts of the rules over it.
 */
function onChange(
  state: AlertingState | undefined,
  event: TypedEvent<ViewChanged>,
  step: Step<RulesInForce>,
): AlertingState | undefined {
  const { row, window, final: isFinal, tombstone } = event.data
  if (window && !isFinal) {
    step.reason('window-open' satisfies AlertingReason)
    return state
  }
  const at = window ? { ...event, timeMs: Date.parse(window.end) } : event
  return applyValues(step, state, at, event.source, tombstone ? undefined : row)
}

function applyValues(
  step: Step<RulesInForce>,
  state: AlertingState | undefined,
  event: Received,
  watched: Family | string,
  data: ReadingData | undefined,
): AlertingState | undefined {
  if (isClock(event))
    return step.reject(`${event.source} without a subject is the clock, which sends only ticks`)
  const rules = step.context
  const run = new EntityRun(event, step)
  const { seen, history } = evaluate(run, rules, state, event, watched, data)
  step.reason((run.reason ?? 'no-rule') satisfies AlertingReason)
  const before = state ?? {}
  const wanted = wantedTimers(rules, run.rules, event.timeMs, before)
  const next = buildState(seen, run.rules, history, wanted)
  if (next === undefined) return undefined
  changeTimers(step, before, wanted)
  scheduleLook(step, findLatestMs(state), event.timeMs)
  return next
}

/** Applies a due timer: the end of a duration, a silence, or the periodic check of the entity. */
function applyTimer(state: AlertingState, timer: Timer, step: Step<RulesInForce>): AlertingState | undefined {
  const rules = step.context
  const isLook = timer.name === LOOK
  const latestMs = findLatestMs(state) ?? timer.dueMs
  if (isLook && isForgotten(latestMs, timer.dueMs)) return forgetEntity(state, timer, step)
  const run = new EntityRun(timer, step)
  for (const [key, tracked] of Object.entries(state.rules)) {
    const rule = rules.byKey.get(key)?.rule
    if (rule) run.tick(key, rule, tracked, timer.dueMs, isSilenceTimer(timer.name))
    else run.end(tracked, timer.dueMs, rules.left.get(key) ?? 'rule-removed')
  }
  for (const [key, tracked] of findNewSilenceRules(rules, state.rules, state.seen, timer))
    run.keep(key, tracked)
  step.reason((run.reason ?? 'unchanged') satisfies AlertingReason)
  const before = withoutFired(state, timer)
  const wanted = wantedTimers(rules, run.rules, timer.dueMs, before)
  const next = buildState(state.seen, run.rules, state.history, wanted)
  if (next === undefined) return undefined
  changeTimers(step, before, wanted)
  if (isLook) scheduleNextLook(step, latestMs, timer.dueMs)
  return next
}

/** Forgets an entity that has stopped reporting, and resolves its alerts, because no reading can clear them any more. */
function forgetEntity(state: AlertingState, timer: Timer, step: Step): undefined {
  step.reason('forgotten')
  const run = new EntityRun(timer, step)
  for (const tracked of Object.values(state.rules)) run.end(tracked, timer.dueMs, 'forgotten')
  return undefined
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
