/** Evaluates the rules of one entity in one step. Emits the alerts, and collects the next state of each rule and the reason. */
import type { Received, Step } from '#runtime/consumer'
import {
  type Alert,
  emitAlert,
  type FiredAlert,
  firedAlert,
  heldAlert,
  noDataRule,
  type ResolvedReason,
  resolvedAlert,
  silentAlert,
} from './alert.ts'
import type { TrackedRule } from './entity-state.ts'
import { higherPriority, type TransitionReason } from './reasons.ts'
import type { Rule } from './rule.ts'
import { latestMs, type RuleState } from './rule-state.ts'
import { awaitsEverySilence } from './silence.ts'
import type { Compared } from './summary.ts'
import { type Observation, type Transition, transition } from './transition.ts'

/**
 * Maximum number of state changes that one rule can make at once when time advances, with one spare. The changes are the end of
 * `keepFiringFor`, a silence, and the end of `for`.
 */
const MAX_AT_ONCE = 4

type Entity = Pick<Received, 'source' | 'subject' | 'entity'>

export class EntityRun {
  readonly rules: Record<string, TrackedRule> = {}
  reason: TransitionReason | undefined
  readonly #entity: Entity
  readonly #step: Pick<Step, 'emit'>

  constructor(entity: Entity, step: Pick<Step, 'emit'>) {
    this.#entity = entity
    this.#step = step
  }

  note(reason: TransitionReason): void {
    this.reason = higherPriority(this.reason, reason)
  }

  /** Copies a rule's state to the next state without evaluating the rule. */
  keep(key: string, tracked: TrackedRule): void {
    this.rules[key] = tracked
  }

  /**
   * Evaluates a rule with a reading of the metric that it watches.
   *
   * @param compared returns the comparison that the alert reports
   */
  applyReading(
    key: string,
    rule: Rule,
    before: TrackedRule | undefined,
    state: RuleState | undefined,
    event: Received,
    observation: Observation,
    compared: () => Compared,
  ): void {
    const result = transition(rule, state, observation)
    this.note(result.reason)
    let { alert, noData } = before ?? {}
    if (noData && result.reason !== 'late') {
      this.#resolve(noData, result.atMs, 'data-returned')
      this.note('data-returned')
      noData = undefined
    }
    if (result.change === 'fired') {
      alert = firedAlert(rule, event, { ...compared(), ...firingTimes(result) })
      this.#emit(alert)
    } else if (result.change === 'resolved') {
      if (alert) this.#resolve(alert, result.atMs, 'cleared', compared())
      alert = undefined
    }
    const isCompared = observation.value !== null && result.reason !== 'late'
    this.#track(key, rule, result.state, alert, noData, isCompared ? compared : () => before?.compared)
  }

  /**
   * Evaluates a rule at a time without a reading.
   *
   * @param isSilenceKnown true if the log has been read up to this time, so that a silence is certain
   */
  tick(key: string, rule: Rule, before: TrackedRule, timeMs: number, isSilenceKnown: boolean): void {
    let { state, alert, noData } = before
    for (let count = 0; count < MAX_AT_ONCE; count += 1) {
      const result = transition(rule, state, { timeMs, isSilenceKnown })
      if (result.state === state) break
      this.note(result.reason)
      state = result.state
      const { atMs } = result
      if (result.reason === 'fired') {
        alert = heldAlert(rule, this.#entity, { ...before.compared, ...firingTimes(result) })
        this.#emit(alert)
      } else if (result.reason === 'fired-by-silence') {
        alert = silentAlert(rule, this.#entity, firingTimes(result))
        this.#emit(alert)
      } else if (result.reason === 'no-data') {
        noData = silentAlert(noDataRule(rule), this.#entity, { activeAtMs: state.seenMs, firedAtMs: atMs })
        this.#emit(noData)
      } else if (result.change === 'resolved') {
        if (alert && result.reason === 'resolved') this.#resolve(alert, atMs, 'cleared', before.compared)
        else if (alert) this.#resolve(alert, atMs, 'silent')
        alert = undefined
      }
    }
    this.#track(key, rule, state, alert, noData, () => before.compared)
  }

  /**
   * Resolves the alerts of a rule that no longer applies to the entity. Otherwise they would never resolve, because no reading is
   * compared any more.
   */
  end(
    { state, alert, noData }: TrackedRule,
    timeMs: number,
    reason: ResolvedReason & TransitionReason,
  ): void {
    // A late reading must not resolve the alert before the time of its latest observation.
    const atMs = Math.max(timeMs, latestMs(state))
    for (const fired of [alert, noData]) if (fired) this.#resolve(fired, atMs, reason)
    if (alert || noData) this.note(reason)
    else if (state.phase === 'pending') this.note('pending-ended')
  }

  #resolve(alert: FiredAlert, atMs: number, reason: ResolvedReason, compared?: Compared): void {
    this.#emit(resolvedAlert(alert, atMs, reason, compared))
  }

  #emit(alert: Alert): void {
    emitAlert(this.#step, alert, this.#entity)
  }

  #track(
    key: string,
    rule: Rule,
    state: RuleState,
    alert: FiredAlert | undefined,
    noData: FiredAlert | undefined,
    compared: () => Compared | undefined,
  ): void {
    if (!isWorthKeeping(rule, state)) return
    const held = mayChangeByTime(state) ? compared() : undefined
    this.rules[key] = {
      state,
      ...(alert && { alert }),
      ...(noData && { noData }),
      ...(held && { compared: held }),
    }
  }
}

function firingTimes({ state, atMs }: Transition): { activeAtMs: number; firedAtMs: number } {
  return { activeAtMs: 'activeAtMs' in state ? state.activeAtMs : atMs, firedAtMs: atMs }
}

/**
 * Returns whether the rule may fire or resolve without another reading, even after the rule was edited: a bad value made it pending,
 * or its value has cleared.
 */
function mayChangeByTime({ phase, silent }: RuleState): boolean {
  return (phase === 'pending' && silent === undefined) || phase === 'recovering'
}

/**
 * Returns whether the state of a rule must be stored. An inactive rule needs only the time of the last reading of its metric, which
 * is stored once for all rules of the metric.
 */
function isWorthKeeping(rule: Rule, state: RuleState): boolean {
  if (state.phase !== 'inactive' || state.before !== undefined || state.decidedMs !== undefined) return true
  return awaitsEverySilence(rule)
}
