/**
 * Tries rules on the readings of the last hours, and returns the alerts that would have fired. The code of `alerting` processes the
 * readings in an in-memory log, starting with an empty state. Nothing is changed, and no events are published.
 */

import { parseTime } from '../../packages/runtime/cloudevents/attributes.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { type Event, entityOf, type Received } from '../../packages/runtime/consumer/event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { type Firing, firingsOf, identitiesOf } from '../alerting/firings.ts'
import { type AnyRule, isOfReadings } from '../alerting/patterns/pattern.ts'
import { identityOf } from '../alerting/rule.ts'
import { isWatched } from '../alerting/watched.ts'
import { type Range, readRecordGroups } from '../queries/records.ts'
import { familyOf } from '../telemetry/families.ts'
import { tick } from '../telemetry/tick.ts'
import { RuleLog } from './rule-log/rule-log.ts'

export interface TrialOptions {
  /** Log that returns records with decoded data. */
  readonly log: LogReader
  /** Offset ranges of the readings to use. */
  readonly ranges: readonly Range[]
  readonly rules: readonly AnyRule[]
  /** Text that the entity name of a reading must contain. */
  readonly entity: string
  /** Time up to which the clock continues after the last reading, in milliseconds since the epoch. */
  readonly untilMs: number
  /** Signal that ends the trial early. The result contains the alerts so far. */
  readonly stop: AbortSignal
  /** Number of fired and resolved alerts after which the trial ends. */
  readonly mostTold: number
}

export interface Trial {
  readonly readings: number
  /** Number of repeated readings. */
  readonly duplicates: number
  readonly refused: number
  readonly entities: number
  /** Append times of the first and the last reading, in milliseconds since the epoch. Null if there are no readings. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null
  /** Reason why the trial ended before the last reading; null if all readings were used. */
  readonly cut: 'time' | 'alerts' | null
  readonly rules: readonly TriedRule[]
  /** Alerts in the order in which they fired. */
  readonly firings: readonly Firing[]
}

export interface TriedRule {
  /** Identity of the rule, which consists of its name and labels. */
  readonly rule: string
  /**
   * Reason why the rule was not tried; null if it was tried. `beyond-readings`: the rule evaluates more than the readings of a
   * single entity.
   */
  readonly left: 'paused' | 'beyond-readings' | null
  /** Number of entities that the rule watches. */
  readonly watched: number
  readonly fired: number
  /** Number of alerts that are still firing at the end. */
  readonly firing: number
  /** Number of entities for which the rule fired. */
  readonly entities: number
}

/**
 * Tries the rules on the readings.
 *
 * @throws see `readRecords`
 */
export async function tryRules(options: TrialOptions): Promise<Trial> {
  const trial = new Running(options)
  for await (const group of readRecordGroups(options.log, options.ranges)) {
    await trial.read(group)
    if (trial.cut) break
  }
  await trial.end()
  return trial.result
}

function leftOf(rule: AnyRule): TriedRule['left'] {
  if (rule.paused) return 'paused'
  return isOfReadings(rule) ? null : 'beyond-readings'
}

class Running {
  cut: Trial['cut'] = null
  readonly #options: TrialOptions
  readonly #tried: readonly AnyRule[]
  readonly #watched: ReadonlyMap<AnyRule, Set<string>>
  readonly #entities = new Set<string>()
  #log: RuleLog | undefined
  #span: { fromMs: number; toMs: number } | null = null
  #readings = 0
  #duplicates = 0
  #refused = 0

  constructor(options: TrialOptions) {
    this.#options = options
    this.#tried = options.rules.filter(rule => leftOf(rule) === null)
    this.#watched = new Map(this.#tried.map(rule => [rule, new Set<string>()]))
  }

  async read(records: readonly LogRecord[]): Promise<void> {
    const arrivals = records.flatMap(record => this.#arrival(record) ?? [])
    const [first] = arrivals
    if (!first) return
    this.#log ??= await this.#begun(first.arrivedMs)
    await this.#replay(arrivals)
  }

  /** Advances the clock after the last reading, so that further alerts can fire and resolve. */
  async end(): Promise<void> {
    const { untilMs } = this.#options
    if (this.cut || !this.#span || untilMs <= this.#span.toMs) return
    const event = tick(0, instant(untilMs))
    await this.#replay([{ arrivedMs: untilMs, event }])
  }

  get result(): Trial {
    const firings = firingsOf(this.#log?.notifications.map(({ alert }) => alert) ?? [])
    const byRule = Map.groupBy(firings, ({ rule }) => rule)
    const rules = this.#options.rules.map((rule): TriedRule => {
      const own = identitiesOf(rule).flatMap(identity => byRule.get(identity) ?? [])
      return {
        rule: identityOf(rule),
        left: leftOf(rule),
        watched: this.#watched.get(rule)?.size ?? 0,
        fired: own.length,
        firing: own.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY).length,
        entities: new Set(own.map(({ entity }) => entity)).size,
      }
    })
    return {
      readings: this.#readings,
      duplicates: this.#duplicates,
      refused: this.#refused,
      entities: this.#entities.size,
      span: this.#span,
      cut: this.cut,
      rules,
      firings,
    }
  }

  async #begun(startMs: number): Promise<RuleLog> {
    const log = new RuleLog({
      startMs,
      onRefused: () => {
        this.#refused += 1
      },
    })
    await log.activate(0, this.#tried)
    return log
  }

  async #replay(arrivals: readonly { readonly arrivedMs: number; readonly event: Event }[]): Promise<void> {
    const { stop, mostTold } = this.#options
    if (!this.#log) return
    try {
      this.#duplicates += await this.#log.replay(arrivals, stop)
    } catch (error) {
      if (!stop.aborted) throw error
      this.cut = 'time'
    }
    if (this.#log.notifications.length >= mostTold) this.cut = 'alerts'
  }

  /**
   * Returns the reading in a record, with its arrival time. Returns undefined if the record is not a reading of a selected entity.
   */
  #arrival(record: LogRecord): { readonly arrivedMs: number; readonly event: Event } | undefined {
    const event = readEvent(record)
    if (isFailure(event) || familyOf(event.type) === undefined) return undefined
    const entity = entityOf(event)
    if (!entity.includes(this.#options.entity)) return undefined
    // Producers can set decreasing timestamps. The records of a partition still arrive in the order of their offsets.
    const arrivedMs = Math.max(record.timestampMs, this.#span?.toMs ?? record.timestampMs)
    this.#span = { fromMs: this.#span?.fromMs ?? arrivedMs, toMs: arrivedMs }
    this.#readings += 1
    this.#entities.add(entity)
    const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
    this.#note({ ...event, entity, timeMs })
    return { arrivedMs, event }
  }

  #note(event: Received): void {
    if (typeof event.data !== 'object' || event.data === null) return
    for (const [rule, entities] of this.#watched)
      if (!entities.has(event.entity) && isWatched(rule, event)) entities.add(event.entity)
  }
}
