/**
 * Evaluates all patterns of an entity or group in one step. Collects their next states, the alerts to publish, the timers and the
 * reason.
 */
import type { Received } from '../../../packages/runtime/consumer/event.ts'
import type { Emission, TimerChange } from '../../../packages/runtime/consumer/process.ts'
import { type ResolvedReason, resolvedAlert } from '../alert.ts'
import { foremost, type TransitionReason } from '../reasons.ts'
import { duesOf, type Evaluated, onPatternEvent, onPatternTime } from './evaluate.ts'
import type { KeyedPattern } from './in-force.ts'
import { type Entity, patternAlert, patternEmission } from './pattern-alert.ts'
import type { Due, PatternStates, TrackedPattern } from './state.ts'

/**
 * Interval at which rules are checked for edits, removal and pauses. Only needed for alerts and waits that receive no more events.
 */
const CHECK_MS = 150_000

const TIMER = 'pattern '
const CHECK = `${TIMER}check`

/** Returns whether a timer was set by a pattern. */
export function isPatternTimer(name: string): boolean {
  return name.startsWith(TIMER)
}

/** Returns the pattern and the kind of a timer; undefined for the timer of the periodic rule check. */
export function patternOfTimer(name: string): { readonly key: string; readonly due: Due } | undefined {
  if (name === CHECK) return undefined
  const space = name.lastIndexOf(' ')
  return { key: name.slice(TIMER.length, space), due: name.slice(space + 1) as Due }
}

export interface PatternStep {
  readonly states: PatternStates | undefined
  readonly reason: TransitionReason | undefined
  readonly emissions: readonly Emission[]
  readonly timers: readonly TimerChange[]
}

export class PatternRun {
  readonly #entity: Entity
  readonly #before: PatternStates | undefined
  readonly #timeMs: number
  readonly #tracked: Record<string, TrackedPattern>
  readonly #emissions: Emission[] = []
  readonly #timers: TimerChange[] = []
  #seenMs: number
  #reason: TransitionReason | undefined

  /**
   * Starts the evaluation of an entity or group.
   *
   * @param timeMs time of the current event or timer; all new timers are due after it
   */
  constructor(entity: Entity, before: PatternStates | undefined, timeMs: number) {
    this.#entity = entity
    this.#before = before
    this.#timeMs = timeMs
    this.#tracked = { ...before?.tracked }
    this.#seenMs = before?.seenMs ?? 0
  }

  get keys(): readonly string[] {
    return Object.keys(this.#tracked)
  }

  /**
   * Applies an event that at least one matcher of the pattern matches.
   *
   * @param met indexes of the matchers that match the event
   * @param behindMs maximum time by which other events of the group may arrive later than this event
   */
  event(
    pattern: KeyedPattern,
    event: Pick<Received, 'source' | 'id'>,
    met: ReadonlySet<number>,
    behindMs = 0,
  ): void {
    const before = this.#tracked[pattern.key]
    this.#seenMs = Math.max(this.#seenMs, this.#timeMs)
    const made = onPatternEvent(pattern.rule, before?.state, this.#timeMs, met, behindMs)
    this.#apply(pattern, before, made, event)
  }

  time(pattern: KeyedPattern, due: Due): void {
    const before = this.#tracked[pattern.key]
    if (!before) return
    const made = onPatternTime(pattern.rule, before.state, this.#timeMs, due)
    this.#apply(pattern, before, made, undefined, due)
  }

  /** Updates the timers of a pattern if the durations of its rule were edited. */
  look(pattern: KeyedPattern): void {
    const before = this.#tracked[pattern.key]
    if (!before) return
    const { absence, end } = duesOf(pattern.rule, before.state)
    if (absence === before.dues?.absence && end === before.dues?.end) return
    this.#apply(pattern, before, onPatternTime(pattern.rule, before.state, this.#timeMs, 'end'), undefined)
  }

  /** Removes a pattern whose rule was removed, or that no longer receives events, and resolves its alert. */
  end(key: string, reason: ResolvedReason & TransitionReason): void {
    const tracked = this.#tracked[key]
    if (!tracked) return
    delete this.#tracked[key]
    const { alert, state } = tracked
    if (alert) {
      const atMs = Math.max(this.#timeMs, state.decidedMs ?? this.#timeMs)
      this.#emit(resolvedAlert(alert, atMs, reason))
    }
    this.#note(alert ? reason : 'pending-ended')
    for (const due of ['absence', 'end']) this.#timers.push({ name: `${TIMER}${key} ${due}` })
  }

  /**
   * Returns the result of the step.
   *
   * @param checked true if the timer of the periodic rule check was due
   */
  step(checked = false): PatternStep {
    const emissions = this.#emissions
    const reason = this.#reason
    if (this.keys.length === 0) return { states: undefined, reason, emissions, timers: this.#cancelled() }
    const checkMs = this.#checkMs(checked)
    const states = { tracked: this.#tracked, seenMs: this.#seenMs, ...(checkMs && { checkMs }) }
    return { states, reason, emissions, timers: this.#timers }
  }

  #apply(
    { key, rule }: KeyedPattern,
    before: TrackedPattern | undefined,
    { state, reason, changes }: Evaluated,
    cause: Pick<Received, 'source' | 'id'> | undefined,
    fired?: Due,
  ): void {
    let alert = before?.alert
    for (const change of changes) {
      if (change.kind === 'fired') {
        alert = patternAlert(rule, this.#entity, change, change.byTime ? undefined : cause)
        this.#emit(alert)
      } else if (alert) {
        this.#emit(resolvedAlert(alert, change.atMs, 'cleared'))
        alert = undefined
      }
    }
    this.#note(reason)
    const dues = duesOf(rule, state)
    const hasDues = Object.keys(dues).length > 0
    if (state) this.#tracked[key] = { state, ...(alert && { alert }), ...(hasDues && { dues }) }
    else delete this.#tracked[key]
    for (const due of ['absence', 'end'] as const) {
      const [was, is] = [due === fired ? undefined : before?.dues?.[due], dues[due]]
      const name = `${TIMER}${key} ${due}`
      if (is !== undefined && is !== was) this.#timers.push({ name, dueMs: Math.max(is, this.#timeMs + 1) })
      else if (is === undefined && was !== undefined) this.#timers.push({ name })
    }
  }

  /**
   * Returns the time of the next rule check. It does not change until the check is due, so that the timer does not move with every
   * event.
   */
  #checkMs(checked: boolean): number | undefined {
    const before = checked ? undefined : this.#before?.checkMs
    const isWanted = Object.values(this.#tracked).some(({ alert, state }) => alert ?? state.waiting)
    if (!isWanted) {
      if (before !== undefined) this.#timers.push({ name: CHECK })
      return undefined
    }
    if (before !== undefined) return before
    const dueMs = (Math.floor(this.#timeMs / CHECK_MS) + 2) * CHECK_MS
    this.#timers.push({ name: CHECK, dueMs })
    return dueMs
  }

  #cancelled(): readonly TimerChange[] {
    const check = this.#before?.checkMs === undefined ? [] : [{ name: CHECK }]
    return [...this.#timers.map(({ name }) => ({ name })), ...check]
  }

  #emit(alert: Parameters<typeof patternEmission>[0]): void {
    this.#emissions.push(patternEmission(alert, this.#entity))
  }

  #note(reason: TransitionReason): void {
    this.#reason = foremost(this.#reason, reason)
  }
}
