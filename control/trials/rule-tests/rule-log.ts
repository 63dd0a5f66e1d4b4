/**
 * In-memory logs that the alerting functions read like topics in Kafka. As in a deployment, there is a tick at least every minute.
 * Observations are appended one by one, at a time relative to the start.
 */
import { type Event, formatEntity, instant } from '#runtime/consumer'
import { alerting, grouping, PATTERN_EVENT_TYPE, patterns } from '../../../lib/alerting/evaluation.ts'
import {
  ALERT_FIRED_TYPE,
  ALERT_RESOLVED_TYPE,
  type Alert,
  type AlertingState,
  type AnyRule,
  buildRuleSet,
  type PatternStates,
  rulesActivated,
} from '../../../lib/alerting/index.ts'
import type { Vocabulary } from '../../../lib/app/naming/names.ts'
import { createReading, type Families, type ReadingData, tick } from '../../../lib/telemetry/index.ts'
import { groupName, tableSource, VIEW_CHANGED_TYPE, type ViewChanged } from '../../../lib/views/index.ts'
import { type Appended, ConsumerLog } from './consumer-log.ts'

/** Reading of a family. */
export interface Reading {
  readonly family: string
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
  readonly testEvent: { readonly type: string; readonly data: unknown }
  readonly id?: string
}

/** Alert that fired or resolved. */
export interface Notification {
  /** Time in milliseconds since the start of the log. */
  readonly atMs: number
  readonly alert: Alert
}

const START_MS = Date.UTC(2026, 0, 1)
/** Interval of ticks in each partition, in milliseconds. It is the same as in a deployment. */
const TICK_MS = 60_000
/** Ticks that are decided together. */
const MAX_TICKS = 500
/**
 * Maximum delay of a tick, in milliseconds. Durations in rules are whole seconds, so a delay below a second does not make a timer
 * fire too early.
 */
const MAX_EXTRA_MS = 900

export class RuleLog {
  readonly #families: Families
  readonly #readings: ConsumerLog
  readonly #changes: ConsumerLog
  readonly #events: ConsumerLog
  readonly #patterns: ConsumerLog
  readonly #entities = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #byId = new Map<string, Event>()
  readonly #notifications: Notification[] = []
  #nowMs = START_MS
  #ticks = 0

  constructor(vocabulary: Vocabulary) {
    const { families } = vocabulary
    this.#families = families
    this.#readings = new ConsumerLog(vocabulary, 'readings', alerting(families, []))
    this.#changes = new ConsumerLog(vocabulary, 'view-changes', alerting(families, []))
    this.#events = new ConsumerLog(vocabulary, 'events', grouping(families, []))
    // No lateness is allowed for, because events in tests arrive in time unless a test delays them explicitly.
    this.#patterns = new ConsumerLog(vocabulary, 'patterns', {
      ...patterns(families, []),
      allowedLatenessMs: 0,
    })
  }

  /** Activates a rule set. Returns the reason if `alerting` rejects it. */
  async activate(atMs: number, rules: readonly AnyRule[]): Promise<string | undefined> {
    await this.#advanceTo(atMs)
    const activated = rulesActivated(buildRuleSet(rules), 0, instant(this.#nowMs))
    // The same rule set can be activated twice at the same time, so each activation has a unique id.
    const event = { ...activated, id: `rules ${this.#events.length}` }
    let refused: string | undefined
    for (const log of [this.#readings, this.#changes, this.#events, this.#patterns])
      refused ??= await this.#append(log, [this.#nowMs, event])
    return refused
  }

  /**
   * Appends a reading at the given time or, if that time has passed, at the current time. A reading with a known id is a duplicate.
   * Returns the reason if `alerting` rejects the reading.
   */
  async appendReading(atMs: number, { family, data, id }: Reading): Promise<string | undefined> {
    await this.#advanceTo(atMs)
    const eventId = id === undefined ? `reading ${this.#readings.length}` : `id ${id}`
    const event =
      this.#byId.get(eventId) ??
      createReading(this.#families.get(family), eventId, instant(START_MS + atMs), data)
    this.#byId.set(eventId, event)
    this.#entities.add(formatEntity(event))
    return this.#append(this.#readings, [this.#nowMs, event])
  }

  /** Appends a final row of a table without windows. Time, id and result are those of a reading. */
  async appendRow(atMs: number, { table, group: subject, row, id }: FinalRow): Promise<string | undefined> {
    await this.#advanceTo(atMs)
    const eventId = id === undefined ? `row ${this.#changes.length}` : `id ${id}`
    const time = instant(START_MS + atMs)
    const about = { id: eventId, source: tableSource(table), subject, type: VIEW_CHANGED_TYPE, time }
    const newEvent = {
      ...about,
      datacontenttype: 'application/json',
      data: { table, generation: 'test', row },
    }
    const event = this.#byId.get(eventId) ?? newEvent
    this.#byId.set(eventId, event)
    this.#entities.add(formatEntity(event))
    return this.#append(this.#changes, [this.#nowMs, event])
  }

  /** Appends an event of the topic `events`. Time, id and result are those of a reading. */
  async appendEvent(atMs: number, { testEvent: { type, data }, id }: Happened): Promise<string | undefined> {
    await this.#advanceTo(atMs)
    const eventId = id === undefined ? `event ${this.#events.length}` : `id ${id}`
    const time = instant(START_MS + atMs)
    const newEvent = {
      id: eventId,
      source: '/activity',
      type,
      time,
      datacontenttype: 'application/json',
      data,
    }
    const event = this.#byId.get(eventId) ?? newEvent
    this.#byId.set(eventId, event)
    return this.#append(this.#events, [this.#nowMs, event])
  }

  /** Advances the time without an observation, so that all due timers fire. */
  async tick(atMs: number): Promise<void> {
    await this.#advanceTo(atMs)
    // A timer fires when the clock has passed its due time. Each tick is slightly later than the previous one, so that it passes
    // timers that readings have set since.
    this.#ticks = Math.min(this.#ticks + 1, MAX_EXTRA_MS)
    this.#nowMs = Math.max(this.#nowMs, START_MS + atMs + this.#ticks)
    await this.#appendTicks([[this.#nowMs, tick(0, instant(this.#nowMs))]])
  }

  /** Returns whether an entity or a group has this id. */
  has(id: string): boolean {
    return [this.#entities, this.#groups].some(names => filterNames(names, id).length > 0)
  }

  /** Returns the states of all entities or, if it is given, with this id. These differ only in their source. */
  async states(entity?: string): Promise<readonly AlertingState[]> {
    const names = filterNames(this.#entities, entity)
    const [readings, changes] = [this.#readings, this.#changes]
    return [...(await readings.states<AlertingState>(names)), ...(await changes.states<AlertingState>(names))]
  }

  /** Returns the pattern states of all groups or, if it is given, with this id. */
  patternStates(entity?: string): Promise<readonly PatternStates[]> {
    return this.#patterns.states<PatternStates>(filterNames(this.#groups, entity))
  }

  /** All alerts that have fired or resolved so far, in order. */
  get notifications(): readonly Notification[] {
    return this.#notifications
  }

  async #advanceTo(atMs: number): Promise<void> {
    const endMs = START_MS + atMs
    while (this.#nowMs < endMs) {
      const ticks: Appended[] = []
      while (this.#nowMs < endMs && ticks.length < MAX_TICKS) {
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
    const notifications = this.#notifications.splice(before)
    this.#notifications.push(...notifications.toSorted((a, b) => a.atMs - b.atMs))
  }

  /**
   * Appends events to a log, and immediately processes the group events that result from them. Returns the reason if the consumer
   * rejects an event.
   */
  async #append(log: ConsumerLog, ...events: readonly Appended[]): Promise<string | undefined> {
    const { emitted, refused } = await log.append(...events)
    let [reason] = refused
    for (const event of emitted) {
      const notification = this.#toNotification(event)
      if (notification) this.#notifications.push(notification)
      if (event.type !== PATTERN_EVENT_TYPE) continue
      this.#groups.add(formatEntity(event))
      reason ??= await this.#append(this.#patterns, [this.#nowMs, event])
    }
    return reason
  }

  #toNotification({ type, data }: Event): Notification | undefined {
    if (type !== ALERT_FIRED_TYPE && type !== ALERT_RESOLVED_TYPE) return undefined
    const alert = data as Alert
    const at = alert.status === 'firing' ? alert.startedAt : alert.endedAt
    return { atMs: Date.parse(at) - START_MS, alert }
  }
}

/** Returns the entity names whose subject is the id. The subject follows the first space, because a source contains no spaces. */
function filterNames(names: ReadonlySet<string>, id: string | undefined): readonly string[] {
  if (id === undefined) return [...names]
  return [...names].filter(name => [id, groupName([id])].includes(name.slice(name.indexOf(' ') + 1)))
}
