/**
 * In-memory logs that the alerting functions read like real ones. As in a deployment, there is a tick at least every minute. Tests
 * of rules append observations one by one, at offsets from the start; a recording is replayed as a whole.
 */
import { setImmediate } from 'node:timers/promises'
import { type Event, entityOf } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { rulesActivated } from '../../alerting/activation.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type Alert } from '../../alerting/alert.ts'
import type { AlertingState } from '../../alerting/entity-state.ts'
import { grouping } from '../../alerting/patterns/grouping.ts'
import type { AnyRule } from '../../alerting/patterns/pattern.ts'
import { PATTERN_EVENT_TYPE } from '../../alerting/patterns/pattern-event.ts'
import { patterns } from '../../alerting/patterns/process.ts'
import type { PatternStates } from '../../alerting/patterns/state.ts'
import { alerting } from '../../alerting/process.ts'
import { ruleSetOf } from '../../alerting/rule-set.ts'
import { FAMILIES, type FamilyName, type ReadingData } from '../../telemetry/families.ts'
import { reading } from '../../telemetry/reading.ts'
import { tick } from '../../telemetry/tick.ts'
import { type Arrival, inBatches } from './arrivals.ts'
import { type Appended, ConsumerLog, MAX_BATCH } from './consumer-log.ts'
import type { RefusedByAlerting } from './refused.ts'

/** Reading of a family. */
export interface Reading {
  readonly family: FamilyName
  readonly data: ReadingData
  /** Event id. Two observations with the same id are one event that is sent twice. */
  readonly id?: string
}

/** Event of the topic `events`. */
interface Happened {
  readonly happening: { readonly type: string; readonly data: unknown }
  readonly id?: string
}

/** Alert that fired or resolved. */
export interface Notification {
  /** Time in milliseconds since the start of the log. */
  readonly atMs: number
  readonly alert: Alert
}

interface Options {
  /** Start of the logs, in milliseconds since the epoch. */
  readonly startMs?: number
  /** Called with each event that a consumer rejects. Without it, the method that appended the event throws. */
  readonly onRefused?: (refused: RefusedByAlerting) => void
}

const TESTS_START_MS = Date.UTC(2026, 0, 1)
/** Interval of ticks in each partition, in milliseconds, as in a deployment. */
const TICK_MS = 60_000
/**
 * Maximum time by which ticks are later than their nominal time, in milliseconds. Durations are whole
 * seconds, so less than a second makes nothing due too early.
 */
const MAX_EXTRA_MS = 900

export class RuleLog {
  readonly #startMs: number
  readonly #readings = new ConsumerLog('readings', alerting([]))
  readonly #events = new ConsumerLog('events', grouping([]))
  // In a test, only observations that are explicitly late arrive late.
  readonly #patterns = new ConsumerLog('patterns', { ...patterns([]), allowedLatenessMs: 0 })
  readonly #entities = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #byId = new Map<string, Event>()
  readonly #notifications: Notification[] = []
  readonly #onRefused: (refused: RefusedByAlerting) => void
  #nowMs: number
  #ticks = 0

  constructor({ startMs = TESTS_START_MS, onRefused = thrown }: Options = {}) {
    this.#startMs = startMs
    this.#onRefused = onRefused
    this.#nowMs = startMs
  }

  /**
   * Activates these rules.
   *
   * @throws RefusedByAlerting
   */
  async activate(atMs: number, rules: readonly AnyRule[]): Promise<void> {
    await this.#passTo(atMs)
    const activated = rulesActivated(ruleSetOf(rules), 0, instant(this.#nowMs))
    // A rule set that is activated again at the same instant is not a repeat.
    const event = { ...activated, id: `rules ${this.#events.length}` }
    for (const log of [this.#readings, this.#events, this.#patterns])
      await this.#append(log, [this.#nowMs, event])
  }

  /**
   * Appends a reading at its time or, if that has passed, at the current time. A reading with an id that has
   * occurred before is a repeat of that event.
   *
   * @throws RefusedByAlerting
   */
  async read(atMs: number, { family, data, id }: Reading): Promise<void> {
    await this.#passTo(atMs)
    const named = id === undefined ? `reading ${this.#readings.length}` : `id ${id}`
    const event =
      this.#byId.get(named) ?? reading(FAMILIES[family], named, instant(this.#startMs + atMs), data)
    this.#byId.set(named, event)
    this.#entities.add(entityOf(event))
    await this.#append(this.#readings, [this.#nowMs, event])
  }

  /**
   * Appends an event of the topic `events`, in the same way as a reading.
   *
   * @throws RefusedByAlerting
   */
  async happen(atMs: number, { happening: { type, data }, id }: Happened): Promise<void> {
    await this.#passTo(atMs)
    const named = id === undefined ? `event ${this.#events.length}` : `id ${id}`
    const time = instant(this.#startMs + atMs)
    const made = { id: named, source: '/activity', type, time, datacontenttype: 'application/json', data }
    const event = this.#byId.get(named) ?? made
    this.#byId.set(named, event)
    await this.#append(this.#events, [this.#nowMs, event])
  }

  /**
   * Appends the readings one after another. The log does not store them, however many there are. Rules over
   * groups are not evaluated.
   *
   * @param stop signal that ends the replay with an AbortError
   * @returns the number of duplicates
   * @throws RefusedByAlerting
   */
  async replay(arrivals: Iterable<Arrival>, stop: AbortSignal): Promise<number> {
    let duplicates = 0
    for (const batch of inBatches(arrivals, { startMs: this.#startMs, nowMs: this.#nowMs }, MAX_BATCH)) {
      // Yields to the event loop, because otherwise the signal would not be noticed.
      await setImmediate(undefined, { signal: stop })
      const events = batch.map(({ arrivedMs, event }): Appended => [arrivedMs, event])
      this.#nowMs = batch.at(-1)?.arrivedMs ?? this.#nowMs
      duplicates += await this.#append(this.#readings, ...events)
    }
    return duplicates
  }

  /** Lets time pass until this time without an observation, so that all timers that are due fire. */
  async tick(atMs: number): Promise<void> {
    await this.#passTo(atMs)
    // A timer fires once the clock has passed it. Each tick is slightly later than the previous one, so that
    // it passes every timer that a reading has set since.
    this.#ticks = Math.min(this.#ticks + 1, MAX_EXTRA_MS)
    this.#nowMs = Math.max(this.#nowMs, this.#startMs + atMs + this.#ticks)
    await this.#appendTicks([[this.#nowMs, tick(0, instant(this.#nowMs))]])
  }

  /** Returns the states of the entities with this id, which differ only in their source. */
  states(entity: string): Promise<readonly AlertingState[]> {
    return this.#readings.states<AlertingState>(named(this.#entities, entity))
  }

  /** Returns the pattern states of the entities and groups with this id. */
  async patternStates(entity: string): Promise<readonly PatternStates[]> {
    const own = (await this.states(entity)).flatMap(({ patterns: states }) => states ?? [])
    return [...own, ...(await this.#patterns.states<PatternStates>(named(this.#groups, entity)))]
  }

  /** All alerts that have fired or resolved so far, in order. */
  get notifications(): readonly Notification[] {
    return this.#notifications
  }

  async #passTo(atMs: number): Promise<void> {
    const endMs = this.#startMs + atMs
    while (this.#nowMs < endMs) {
      const ticks: Appended[] = []
      while (this.#nowMs < endMs && ticks.length < MAX_BATCH) {
        this.#nowMs = Math.min(endMs, this.#nowMs + TICK_MS)
        ticks.push([this.#nowMs, tick(0, instant(this.#nowMs))])
      }
      await this.#appendTicks(ticks)
    }
  }

  async #appendTicks(ticks: readonly Appended[]): Promise<void> {
    const before = this.#notifications.length
    for (const log of [this.#readings, this.#patterns]) await this.#append(log, ...ticks)
    // Both logs have advanced through the same time, one after the other.
    const told = this.#notifications.splice(before)
    this.#notifications.push(...told.toSorted((a, b) => a.atMs - b.atMs))
  }

  /** Appends events, and immediately delivers the events for groups. Returns the number of duplicates. */
  async #append(log: ConsumerLog, ...events: readonly Appended[]): Promise<number> {
    const { published, duplicates, refused } = await log.append(...events)
    for (const event of published) {
      const notification = this.#notificationIn(event)
      if (notification) this.#notifications.push(notification)
      if (event.type !== PATTERN_EVENT_TYPE) continue
      this.#groups.add(entityOf(event))
      await this.#append(this.#patterns, [this.#nowMs, event])
    }
    for (const one of refused) this.#onRefused(one)
    return duplicates
  }

  #notificationIn({ type, data }: Event): Notification | undefined {
    if (type !== ALERT_FIRED_TYPE && type !== ALERT_RESOLVED_TYPE) return undefined
    const alert = data as Alert
    const at = alert.status === 'firing' ? alert.startedAt : alert.endedAt
    return { atMs: Date.parse(at) - this.#startMs, alert }
  }
}

function thrown(refused: RefusedByAlerting): never {
  throw refused
}

/** Returns the names whose subject is the id. A source contains no space. */
function named(names: ReadonlySet<string>, id: string): readonly string[] {
  return [...names].filter(name => name.slice(name.indexOf(' ') + 1) === id)
}
