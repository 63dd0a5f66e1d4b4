/**
 * In-memory logs that the alerting functions read like topics in Kafka. As in a deployment, there is a tick at least every minute.
 * Rule tests append observations one by one, at a time relative to the start. A recording is replayed as a whole.
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
import { groupName, tableSource, VIEW_CHANGED_TYPE, type ViewChanged } from '../../views/event-names.ts'
import { type Arrival, inBatches } from './arrivals.ts'
import { type Appended, ConsumerLog, MAX_BATCH } from './consumer-log.ts'
import type { RefusedByAlerting } from './refused.ts'

/** Reading of a family. */
export interface Reading {
  readonly family: FamilyName
  readonly data: ReadingData
  /** Event id. A second observation with the same id is a duplicate of the first. */
  readonly id?: string
}

/** Final row of a table. */
export interface FinalRow {
  readonly table: string
  /** Name of the row's group. */
  readonly group: string
  readonly row: ViewChanged['row']
  readonly id?: string
}

/** Event in the topic `events`. */
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
  /** Called with each event that a consumer rejects. If absent, the method that appended the event throws an error. */
  readonly onRefused?: (refused: RefusedByAlerting) => void
}

const TESTS_START_MS = Date.UTC(2026, 0, 1)
/** Interval of ticks in each partition, in milliseconds. It is the same as in a deployment. */
const TICK_MS = 60_000
/**
 * Maximum delay of a tick, in milliseconds. Durations in rules are whole seconds, so a delay below a second does not make a timer
 * fire too early.
 */
const MAX_EXTRA_MS = 900

export class RuleLog {
  readonly #startMs: number
  readonly #readings = new ConsumerLog('readings', alerting([]))
  readonly #changes = new ConsumerLog('view-changes', alerting([]))
  readonly #events = new ConsumerLog('events', grouping([]))
  // No lateness is allowed for, because events in tests arrive in time unless a test delays them explicitly.
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
   * Activates a rule set.
   *
   * @throws RefusedByAlerting if `alerting` rejects it
   */
  async activate(atMs: number, rules: readonly AnyRule[]): Promise<void> {
    await this.#passTo(atMs)
    const activated = rulesActivated(ruleSetOf(rules), 0, instant(this.#nowMs))
    // The same rule set can be activated twice at the same time, so each activation has a unique id.
    const event = { ...activated, id: `rules ${this.#events.length}` }
    for (const log of [this.#readings, this.#changes, this.#events, this.#patterns])
      await this.#append(log, [this.#nowMs, event])
  }

  /**
   * Appends a reading at the given time or, if that time has passed, at the current time. A reading with a known id is a duplicate.
   *
   * @throws RefusedByAlerting if `alerting` rejects the reading
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
   * Appends a final row of a table without windows. Time and id are handled as for a reading.
   *
   * @throws RefusedByAlerting if `alerting` rejects the row
   */
  async change(atMs: number, { table, group: subject, row, id }: FinalRow): Promise<void> {
    await this.#passTo(atMs)
    const named = id === undefined ? `row ${this.#changes.length}` : `id ${id}`
    const time = instant(this.#startMs + atMs)
    const about = { id: named, source: tableSource(table), subject, type: VIEW_CHANGED_TYPE, time }
    const made = { ...about, datacontenttype: 'application/json', data: { table, generation: 'test', row } }
    const event = this.#byId.get(named) ?? made
    this.#byId.set(named, event)
    this.#entities.add(entityOf(event))
    await this.#append(this.#changes, [this.#nowMs, event])
  }

  /**
   * Appends an event of the topic `events`. Time and id are handled as for a reading.
   *
   * @throws RefusedByAlerting if `alerting` rejects the event
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
   * Appends readings one after another without storing them, so that their number is not limited. Rules that evaluate groups are
   * not supported.
   *
   * @param stop signal that ends the replay with an AbortError
   * @returns the number of duplicates
   * @throws RefusedByAlerting if `alerting` rejects a reading
   */
  async replay(arrivals: Iterable<Arrival>, stop: AbortSignal): Promise<number> {
    let duplicates = 0
    for (const batch of inBatches(arrivals, { startMs: this.#startMs, nowMs: this.#nowMs }, MAX_BATCH)) {
      // Yields to the event loop. Otherwise, an abort of the signal would not be noticed.
      await setImmediate(undefined, { signal: stop })
      const events = batch.map(({ arrivedMs, event }): Appended => [arrivedMs, event])
      this.#nowMs = batch.at(-1)?.arrivedMs ?? this.#nowMs
      duplicates += await this.#append(this.#readings, ...events)
    }
    return duplicates
  }

  /** Advances the time without an observation, so that all due timers fire. */
  async tick(atMs: number): Promise<void> {
    await this.#passTo(atMs)
    // A timer fires when the clock has passed its due time. Each tick is slightly later than the previous one, so that it passes
    // timers that readings have set since.
    this.#ticks = Math.min(this.#ticks + 1, MAX_EXTRA_MS)
    this.#nowMs = Math.max(this.#nowMs, this.#startMs + atMs + this.#ticks)
    await this.#appendTicks([[this.#nowMs, tick(0, instant(this.#nowMs))]])
  }

  /** Returns the states of all entities with this id. They differ only in their source. */
  async states(entity: string): Promise<readonly AlertingState[]> {
    return [
      ...(await this.#readings.states<AlertingState>(named(this.#entities, entity))),
      ...(await this.#changes.states<AlertingState>(named(this.#entities, groupName([entity])))),
    ]
  }

  /** Returns the pattern states of all entities and groups with this id. */
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
    for (const log of [this.#readings, this.#changes, this.#patterns]) await this.#append(log, ...ticks)
    // The logs are processed one after another, so the alerts are sorted by time.
    const told = this.#notifications.splice(before)
    this.#notifications.push(...told.toSorted((a, b) => a.atMs - b.atMs))
  }

  /**
   * Appends events to a log, and immediately processes the group events that result from them. Returns the number of duplicates.
   */
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

/** Returns the entity names whose subject is the id. The subject follows the first space, because a source contains no spaces. */
function named(names: ReadonlySet<string>, id: string): readonly string[] {
  return [...names].filter(name => name.slice(name.indexOf(' ') + 1) === id)
}
