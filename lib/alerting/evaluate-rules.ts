/** Evaluates all rules of an entity when a reading arrives, or a row of a table. Pure. */
import type { Received } from '#runtime/consumer'
import { matchesAnyPattern, matchesConditions, readOwn } from '../support/text-match.ts'
import type { Family, ReadingData } from '../telemetry/families.ts'
import { conditionKind, fires, type Value } from './condition.ts'
import type { EntityRun } from './entity-run.ts'
import type { AlertingHistory, AlertingState, TrackedRule } from './entity-state.ts'
import type { Comparison } from './kinds/kind.ts'
import { type Match, matchesEntity, type Rule } from './rule.ts'
import { latestMs, type RuleState } from './rule-state.ts'
import { findHistory, type KeyedRule, type RulesInForce, type Watching } from './rules-in-force.ts'
import { awaitsEverySilence } from './silence.ts'
import type { Compared } from './summary.ts'

type Remembered = Pick<AlertingState, 'seen' | 'history'>

/**
 * Applies a reading, or a row of a table, to each rule of the run, and returns the other changes of the entity's state.
 *
 * @param watched family of the reading, or source of the row
 * @param data values by metric or column; undefined if the row has ended
 */
export function evaluate(
  run: EntityRun,
  rules: RulesInForce,
  state: AlertingState | undefined,
  event: Received,
  watched: Family | string,
  data: ReadingData | undefined,
): Remembered {
  const tracked = state?.rules ?? NOTHING
  const seen: Readonly<Record<string, number>> = state?.seen ?? NOTHING
  let isTracked = false
  for (const key in tracked) {
    isTracked = true
    if (!rules.byKey.has(key))
      run.end(tracked[key] as TrackedRule, event.timeMs, rules.left.get(key) ?? 'rule-removed')
  }
  const histories = new Histories(state?.history, event.timeMs)
  const family = typeof watched === 'string' ? undefined : watched
  const own = rules.byWatched.get(typeof watched === 'string' ? watched : watched.name) ?? UNWATCHED
  if (own.hasUnfit) run.note('not-evaluated')
  for (const keyed of own.rules) {
    const { key, rule } = keyed
    const before = isTracked && Object.hasOwn(tracked, key) ? tracked[key] : undefined
    if (!data) {
      endUnmatchedRule(run, key, before, event.timeMs)
      histories.keep(keyed)
      continue
    }
    const value = watchedValue(rule, data)
    const seenMs = Object.hasOwn(seen, rule.metric) ? seen[rule.metric] : undefined
    if (value === undefined) {
      if (before) run.keep(key, before)
      // The rule was activated while the metric was already silent.
      else if (seenMs !== undefined && awaitsEverySilence(rule) && isMatched(rule, family, event, data))
        run.keep(key, { state: { phase: 'inactive', seenMs } })
      histories.keep(keyed)
      continue
    }
    if (!isMatched(rule, family, event, data)) {
      endUnmatchedRule(run, key, before, event.timeMs)
      histories.keep(keyed)
      continue
    }
    const isLate = seenMs !== undefined && event.timeMs < seenMs
    // Most rules are inactive, and remain so. The transition would give the same, but takes longer.
    if (before === undefined && keyed.historyKey === undefined && remainsInactive(rule, value)) {
      run.note(isLate ? 'late' : 'unchanged')
      continue
    }
    const previousState = before?.state ?? (seenMs === undefined ? undefined : { phase: 'inactive', seenMs })
    observe(run, keyed, before, previousState, event, value, histories.compare(keyed, value, isLate))
  }
  return {
    seen: lastSeen(own.metrics, seen, data, event.timeMs),
    ...(histories.next === undefined ? {} : { history: histories.next }),
  }
}

/** Applies a value to a rule. Apart from the loop, in which the closure would cost memory for each rule, active or not. */
function observe(
  run: EntityRun,
  { key, rule }: KeyedRule,
  before: TrackedRule | undefined,
  previousState: RuleState | undefined,
  event: Received,
  value: Value,
  compared: Replaced | undefined,
): void {
  const observation = { timeMs: event.timeMs, value: compared ? compared.value : value }
  run.applyReading(key, rule, before, previousState, event, observation, () =>
    describeComparison(rule, value, compared, previousState),
  )
}

/** Returns whether the value leaves an inactive rule without a state to store. */
function remainsInactive(rule: Rule, value: Value): boolean {
  return !awaitsEverySilence(rule) && !fires(rule.condition, value)
}

const UNWATCHED: Watching = { rules: [], metrics: [], hasUnfit: false }

const NOTHING: Readonly<Record<string, never>> = {}

function isMatched(
  { match }: Rule,
  family: Family | undefined,
  { subject }: Pick<Received, 'subject'>,
  data: ReadingData,
): boolean {
  return match === undefined || matches(match, family, subject, data)
}

/**
 * Returns whether a reading or a row matches one of the patterns of every key.
 *
 * @param family family of the reading; undefined for a row
 * @param subject subject of the reading
 */
export function matches(
  match: Match,
  family: Family | undefined,
  subject: string | undefined,
  data: ReadingData,
): boolean {
  const { dimensions, tags, columns = [] } = match
  if (!matchesEntity(match, subject)) return false
  for (const [name, texts] of dimensions)
    if (!matchesAnyPattern(texts, family?.dimensions[name]?.(data))) return false
  const tag = readOwn(data.tags as Readonly<Record<string, unknown>> | undefined)
  return matchesConditions(columns, column => String(data[column])) && matchesConditions(tags, tag)
}

/** Returns the value of the metric that a rule watches; undefined if the reading does not have it. */
function watchedValue({ metric, condition }: Rule, data: ReadingData): Value | undefined {
  const value = data[metric]
  return conditionKind(condition).isValue(value) ? value : undefined
}

function endUnmatchedRule(
  run: EntityRun,
  key: string,
  before: TrackedRule | undefined,
  timeMs: number,
): void {
  if (!before) return
  if (timeMs < latestMs(before.state)) run.keep(key, before)
  else run.end(before, timeMs, 'not-matched')
}

/**
 * Histories of one entity while a reading is evaluated. A history contains earlier readings in the form that a rule kind stores.
 * Histories that no rule uses any more are deleted.
 */
class Histories {
  next: Record<string, object> | undefined
  readonly #before: AlertingHistory
  readonly #timeMs: number
  #compared: Map<string, Comparison> | undefined

  constructor(before: AlertingState['history'], timeMs: number) {
    this.#before = before ?? NOTHING
    this.#timeMs = timeMs
  }

  keep(keyed: KeyedRule): void {
    const { historyKey } = keyed
    const history = findHistory(this.#before, keyed)
    if (historyKey !== undefined && history) {
      this.next ??= {}
      this.next[historyKey] ??= history
    }
  }

  /**
   * Returns the derived number, or null if there are too few earlier readings. Returns undefined if the rule compares the value
   * itself.
   */
  compare(keyed: KeyedRule, value: Value, isLate: boolean): Replaced | undefined {
    const { historyKey, remembering: kind } = keyed
    if (historyKey === undefined || !kind) return undefined
    if (isLate) this.keep(keyed)
    // A late reading does not change the rule's state.
    if (isLate) return LATE
    const cachedComparison = this.#compared?.get(historyKey)
    if (cachedComparison) return cachedComparison
    const compared = kind.memory.compare(
      kind.own,
      findHistory(this.#before, keyed),
      this.#timeMs,
      value as number,
    )
    this.next ??= {}
    this.next[historyKey] = compared.state
    this.#compared ??= new Map()
    this.#compared.set(historyKey, compared)
    return compared
  }
}

type Replaced = Pick<Comparison, 'value' | 'words'>

const LATE: Replaced = { value: null }

/** Returns the comparison that an alert reports. For a firing or recovering alert, the threshold is the clear threshold. */
function describeComparison(
  rule: Rule,
  raw: Value,
  replaced: Replaced | undefined,
  previousState: RuleState | undefined,
): Compared {
  const isDerived = replaced !== undefined && rule.measure !== undefined
  const value = isDerived ? (replaced.value as number) : raw
  const isFiring = previousState?.phase === 'firing' || previousState?.phase === 'recovering'
  const kind = conditionKind(rule.condition)
  const threshold = kind.threshold?.(rule.condition, isFiring ? 'clear' : 'fire', value)
  return {
    value,
    ...(threshold === undefined ? {} : { threshold }),
    ...(isDerived && { measured: raw as number }),
    ...(replaced?.words && { words: replaced.words }),
  }
}

/**
 * Returns the time of the last reading of each watched metric. A late reading does not change these times. The end of a row counts
 * for each column that has been read.
 */
function lastSeen(
  watched: readonly string[],
  seen: Readonly<Record<string, number>>,
  data: ReadingData | undefined,
  timeMs: number,
): Record<string, number> {
  const times = { ...seen }
  for (const metric in seen) if (!watched.includes(metric)) delete times[metric]
  for (const metric of watched) {
    const value = data?.[metric]
    const isKnown = Object.hasOwn(seen, metric)
    const isThere = typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string'
    if (data ? isThere : isKnown) times[metric] = isKnown ? Math.max(timeMs, seen[metric] as number) : timeMs
  }
  return times
}
