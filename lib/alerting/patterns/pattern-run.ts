/**
 * Evaluates all patterns of a group in one step. Emits the alerts, and collects the next states, the timer and the reason.
 */

import { derivedId, instant, type Received, type Step } from '#runtime/consumer'
import { type Alert, emitAlert, type FiredAlert, type ResolvedReason, resolvedAlert } from '../alert.ts'
import { higherPriority, type TransitionReason } from '../reasons.ts'
import { getRuleIdentity } from '../rule.ts'
import {
  computePatternEnd,
  type EvaluationResult,
  onPatternEvent,
  onPatternTime,
  type PatternChange,
  type PatternState,
} from './evaluate-pattern.ts'
import type { PatternRule } from './pattern.ts'
import { renderPatternSummary } from './pattern-summary.ts'
import type { KeyedPattern, PatternsInForce } from './patterns-in-force.ts'

/** Stored state of a pattern for a group. */
interface TrackedPattern {
  readonly state: PatternState
  /** Firing alert. The resolved event repeats it, even if the rule has been removed. */
  readonly alert?: FiredAlert
}

/** States of the patterns of a group. */
export interface PatternStates {
  /** States by the key of the pattern. */
  readonly tracked: Readonly<Record<string, TrackedPattern>>
  /** Due time of the timer. It was computed with the durations that the rules had at that time. */
  readonly dueMs?: number
}

type PatternReason = TransitionReason | 'no-rule'

type Entity = Pick<Received, 'source' | 'subject' | 'entity'>

/** Interval at which firing alerts are checked for edited, removed and paused rules, even if no more events arrive. */
const CHECK_MS = 150_000

const TIMER = 'due'

export class PatternRun {
  readonly #entity: Entity
  readonly #before: PatternStates | undefined
  readonly #timeMs: number
  readonly #inForce: PatternsInForce
  readonly #tracked: Record<string, TrackedPattern>
  readonly #step: Pick<Step<PatternsInForce>, 'context' | 'emit'>
  #reason: TransitionReason | undefined

  /**
   * Starts the evaluation of a group, and ends the patterns whose rules were removed or paused.
   *
   * @param timeMs time of the current event or timer; the next timer is due after it
   */
  constructor(
    entity: Entity,
    before: PatternStates | undefined,
    timeMs: number,
    step: Pick<Step<PatternsInForce>, 'context' | 'emit'>,
  ) {
    const inForce = step.context
    this.#step = step
    this.#entity = entity
    this.#before = before
    this.#timeMs = timeMs
    this.#inForce = inForce
    this.#tracked = { ...before?.tracked }
    for (const key of Object.keys(this.#tracked))
      if (!inForce.byKey.has(key)) this.#end(key, inForce.paused.has(key) ? 'rule-paused' : 'rule-removed')
  }

  /** Applies an event that at least one matcher of the pattern matches. */
  event(pattern: KeyedPattern, event: Pick<Received, 'source' | 'id'>, met: ReadonlySet<number>): void {
    const before = this.#tracked[pattern.key]
    this.#apply(pattern, before, onPatternEvent(pattern.rule, before?.state, this.#timeMs, met), event)
  }

  /** Applies all changes that are due. */
  applyDueChanges(): void {
    for (const [key, before] of Object.entries(this.#tracked)) {
      const pattern = this.#inForce.byKey.get(key) as KeyedPattern
      const endMs = computePatternEnd(pattern.rule, before.state)
      if (endMs !== undefined && endMs <= this.#timeMs)
        this.#apply(pattern, before, onPatternTime(pattern.rule, before.state, this.#timeMs), undefined)
    }
  }

  /** Sets the timer and the reason of the step, and returns the next states; undefined if nothing has to be stored. */
  complete(step: Step, otherwise: PatternReason): PatternStates | undefined {
    step.reason(this.#reason ?? otherwise)
    const dueMs = this.#dueMs()
    const wasDueMs = this.#before?.dueMs
    if (dueMs === undefined) {
      if (wasDueMs !== undefined) step.cancel(TIMER)
      return undefined
    }
    if (dueMs !== wasDueMs) step.timerAt(TIMER, dueMs)
    return { tracked: this.#tracked, dueMs }
  }

  #apply(
    { key, rule }: KeyedPattern,
    before: TrackedPattern | undefined,
    { state, reason, changes }: EvaluationResult,
    cause: Pick<Received, 'source' | 'id'> | undefined,
  ): void {
    let alert = before?.alert
    for (const change of changes) {
      if (change.kind === 'fired' && cause) {
        alert = patternAlert(rule, this.#entity, change, cause)
        this.#emit(alert)
      } else if (alert) {
        this.#emit(resolvedAlert(alert, change.atMs, 'cleared'))
        alert = undefined
      }
    }
    this.#reason = higherPriority(this.#reason, reason)
    if (state) this.#tracked[key] = { state, ...(alert && { alert }) }
    else delete this.#tracked[key]
  }

  /** Removes a pattern that no longer applies, and resolves its alert. */
  #end(key: string, reason: ResolvedReason & TransitionReason): void {
    const { alert, state } = this.#tracked[key] as TrackedPattern
    delete this.#tracked[key]
    const atMs = Math.max(this.#timeMs, state.decidedMs ?? this.#timeMs)
    if (alert) this.#emit(resolvedAlert(alert, atMs, reason))
    this.#reason = higherPriority(this.#reason, alert ? reason : 'pending-ended')
  }

  /** Returns the time of the next change or check; undefined if nothing has to be stored. */
  #dueMs(): number | undefined {
    const tracked = Object.entries(this.#tracked)
    if (tracked.length === 0) return undefined
    const dues = tracked.flatMap(([key, { state }]) => {
      const pattern = this.#inForce.byKey.get(key)
      return (pattern && computePatternEnd(pattern.rule, state)) ?? []
    })
    const checkMs = (Math.floor(this.#timeMs / CHECK_MS) + 2) * CHECK_MS
    if (tracked.some(([, { alert }]) => alert)) dues.push(checkMs)
    return Math.max(Math.min(...dues), this.#timeMs + 1)
  }

  #emit(alert: Alert): void {
    emitPatternAlert(this.#step, alert, this.#entity)
  }
}

function patternAlert(
  rule: PatternRule,
  { source, subject, entity }: Entity,
  { atMs, activeAtMs }: PatternChange,
  cause: Pick<Received, 'source' | 'id'>,
): FiredAlert {
  const about = { source, ...(subject === undefined ? {} : { subject }) }
  const fingerprint = derivedId(getRuleIdentity(rule), entity)
  const { pattern } = rule
  return {
    alertId: derivedId(fingerprint, 'pattern', cause.source, cause.id),
    fingerprint,
    rule: rule.name,
    severity: rule.severity,
    status: 'firing',
    labels: rule.labels,
    summary: renderPatternSummary(rule, about),
    entity: about,
    ...(pattern.kind === 'count' ? { value: pattern.count, threshold: pattern.count } : {}),
    activeAt: instant(activeAtMs),
    startedAt: instant(atMs),
    reason: 'pattern',
  }
}

/** Emits an alert. The name of the event contains the alert id, because one step can resolve two alerts of the same rule. */
export function emitPatternAlert(
  step: Pick<Step, 'emit'>,
  alert: Alert,
  entity: Pick<Entity, 'entity'>,
): void {
  emitAlert(step, alert, entity, `${alert.status} ${alert.alertId}`)
}
