/** Reads what the telemetry queries share, with a cache: results, and positions in topics. */

import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { plainEvents } from '#runtime/pipeline/decoding/index.ts'
import type { AnyRule } from '../../../lib/alerting/patterns/pattern.ts'
import { createDataCheck } from '../../../lib/app/event-data.ts'
import type { Signal } from '../../../lib/app/topic-table.ts'
import { readPartitionRules } from '../../../lib/queries/alerts/activated-rules.ts'
import {
  type EntityAlert,
  type EntityMinute,
  type EntityReading,
  findEntityAlert,
  findMinute,
  findReading,
  getSearchText,
  type ReadRecord,
} from '../../../lib/queries/states/entity-log.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { type Period, type Recent, type RecentOptions, readRecent } from './recent-records.ts'

/** Maximum number of readings of one entity that are kept. */
const MAX_READINGS = 100
/** Maximum number of minutes of one entity: those of one day, and a revision of each. */
const MAX_MINUTES = 2 * 24 * 60
const MAX_ALERTS = 500

const RULES = { forMs: 15_000, most: 100, idleMs: 60_000 }
/** Cached records of at most 20 entities. Each query continues after the records of the last one. */
const RECENT = { forMs: 0, slowFactor: 0, most: 20, idleMs: 60_000 }
const LIMITS = { mostRecords: 200_000, withinMs: 2_000 }

export class TelemetryReader {
  readonly #environment: ConsoleEnvironment
  readonly #rules = new Cache<readonly AnyRule[] | undefined>(RULES)
  readonly #readings = new Cache<Recent<EntityReading>>(RECENT)
  readonly #minutes = new Cache<Recent<EntityMinute>>(RECENT)
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

  readings(entity: string, partition: number, period: Period): Promise<Recent<EntityReading>> {
    const { families } = this.#environment.config
    const checkData = createDataCheck(families)
    const options = this.#buildOptions('readings', read => findReading(families, read, entity, checkData), {
      holding: getSearchText(entity),
      partition,
      most: MAX_READINGS,
    })
    return this.#readings.get(`${partition} ${entity}`, last => readRecent(options, period, last))
  }

  /**
   * Returns the minutes in the current partition of the entity's key. If partitions were added to the topic during the last hours,
   * earlier minutes are in another partition and are not returned.
   *
   * @param hours length of the period. Each length is cached separately.
   */
  minutes(entity: string, hours: number, period: Period): Promise<Recent<EntityMinute>> {
    const options = this.#buildOptions('analytics', read => findMinute(read, entity), {
      holding: getSearchText(entity),
      partition: { ofKey: entity },
      most: MAX_MINUTES,
    })
    return this.#minutes.get(`${hours} ${entity}`, last => readRecent(options, period, last))
  }

  alerts(entity: string, hours: number, period: Period): Promise<Recent<EntityAlert>> {
    const options = this.#buildOptions('alerts', read => findEntityAlert(read, entity), {
      holding: getSearchText(entity),
      most: MAX_ALERTS,
    })
    return this.#alerts.get(`${hours} ${entity}`, last => readRecent(options, period, last))
  }

  #buildOptions<T extends { readonly timeMs: number }>(
    signal: Signal,
    findIn: (read: ReadRecord) => T | undefined,
    more: Pick<RecentOptions<T>, 'most' | 'holding' | 'partition'>,
  ): RecentOptions<T> {
    const find = async (records: readonly LogRecord[]) => {
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
      limits: LIMITS,
      ...more,
    }
  }
}
