/** Reads what the telemetry queries share, with a cache: results, and positions in topics. */

import { type LogRecord, toBuffer } from '#runtime/cloudevents'
import { plainEvents } from '#runtime/pipeline'
import { readPartitionRules } from '../../../control/queries/alerts/activated-rules.ts'
import {
  type EntityAlert,
  type EntityMinute,
  type EntityReading,
  type EntityStateSpan,
  findEntityAlert,
  findMinute,
  findReading,
  findStateSpan,
  getSearchText,
  type ReadRecord,
} from '../../../control/queries/states/entity-log.ts'
import type { AnyRule } from '../../../lib/alerting/index.ts'
import { createDataCheck } from '../../../lib/app/data/check-data.ts'
import type { Signal } from '../../../lib/app/naming/topic-table.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { type Period, type Recent, type RecentOptions, readRecent } from './recent-records.ts'

/** Maximum number of readings of a query: each reading of twelve entities in 15 minutes, at one a second. */
export const MAX_READINGS = 12_000
/** Maximum number of minutes of metrics or of a state: those of one entity in one day, and a revision of each. */
const MAX_MINUTES = 2 * 24 * 60
const MAX_ALERTS = 500

const RULES = { forMs: 15_000, most: 100, idleMs: 60_000 }
/** Cached records of at most 20 queries. Each query continues after the records of the last one. */
const RECENT = { forMs: 0, slowFactor: 0, most: 20, idleMs: 60_000 }
const LIMITS = { mostRecords: 200_000, withinMs: 2_000 }

export class TelemetryReader {
  readonly #environment: ConsoleEnvironment
  readonly #rules = new Cache<readonly AnyRule[] | undefined>(RULES)
  readonly #readings = new Cache<Recent<EntityReading>>(RECENT)
  readonly #minutes = new Cache<Recent<EntityMinute | EntityStateSpan>>(RECENT)
  readonly #alerts = new Cache<Recent<EntityAlert>>(RECENT)

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
  }

  /** Returns the rules that are active in a partition of the readings topic; undefined if no rules are active yet. */
  rules(partition: number): Promise<readonly AnyRule[] | undefined> {
    const topic = this.#environment.topic('readings')
    return this.#rules.get(`${topic} ${partition}`, async () =>
      readPartitionRules(
        this.#environment.config.families,
        await this.#environment.inspection(),
        topic,
        partition,
      ),
    )
  }

  /**
   * Returns readings of entities, in one pass over their partitions.
   *
   * @param only the partitions of the entities
   * @param most maximum number of readings, of which the newest are returned
   * @param spanMs length of the period. Each length is cached separately.
   */
  readings(
    entities: readonly string[],
    only: readonly number[],
    period: Period,
    { most, spanMs }: { readonly most: number; readonly spanMs: number },
  ): Promise<Recent<EntityReading>> {
    const { families } = this.#environment.config
    const checkData = createDataCheck(families)
    const find = (read: ReadRecord) => findReading(families, read, entities, checkData)
    const options = this.#buildOptions('readings', entities, find, { only, most })
    return this.#readings.get(toKey(entities, only, most, spanMs), last => readRecent(options, period, last))
  }

  /**
   * Returns the minutes of metrics and states in the current partitions of the entities' keys. If partitions were added to the topic
   * during the last hours, earlier minutes are in other partitions and are not returned.
   *
   * @param spanMs length of the period. Each length is cached separately.
   * @param states names of states
   */
  minutes(
    entities: readonly string[],
    spanMs: number,
    period: Period,
    states: readonly string[],
  ): Promise<Recent<EntityMinute | EntityStateSpan>> {
    const find = (read: ReadRecord) => findMinute(read, entities) ?? findStateSpan(read, entities, states)
    const options = this.#buildOptions('analytics', entities, find, {
      only: entities.map(ofKey => ({ ofKey })),
      most: MAX_MINUTES * (1 + states.length),
    })
    return this.#minutes.get(toKey(entities, spanMs, states), last => readRecent(options, period, last))
  }

  alerts(entities: readonly string[], spanMs: number, period: Period): Promise<Recent<EntityAlert>> {
    const find = (read: ReadRecord) => findEntityAlert(read, entities)
    const options = this.#buildOptions('alerts', entities, find, { most: MAX_ALERTS })
    return this.#alerts.get(toKey(entities, spanMs), last => readRecent(options, period, last))
  }

  #buildOptions<T extends { readonly timeMs: number }>(
    signal: Signal,
    entities: readonly string[],
    findIn: (read: ReadRecord) => T | undefined,
    more: Pick<RecentOptions<T>, 'most' | 'only'>,
  ): RecentOptions<T> {
    const texts = entities.map(getSearchText)
    const find = async (all: readonly LogRecord[]) => {
      const records = all.filter(record => holdsAny(record, texts))
      const events = await plainEvents(records, this.#environment.reader)
      return records.flatMap((record, index) => {
        const event = events[index]
        return (event && findIn({ record, event })) ?? []
      })
    }
    return {
      log: () => this.#environment.log(),
      offsets: () => this.#environment.offsets(),
      topic: this.#environment.topic(signal),
      find,
      holding: texts.length === 1 ? texts[0] : undefined,
      limits: LIMITS,
      ...more,
    }
  }
}

function toKey(...query: readonly unknown[]): string {
  return JSON.stringify(query)
}

/** Returns whether a record may be about an entity, of which it then contains the text. A record that is not is not decoded. */
function holdsAny({ key, value, headers }: LogRecord, texts: readonly (string | undefined)[]): boolean {
  const parts = [key, value, ...headers.map(([, bytes]) => toBuffer(bytes))]
  return texts.some(text => text === undefined || parts.some(part => part?.includes(text)))
}
