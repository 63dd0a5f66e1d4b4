/** Cache that the telemetry queries share. It contains results and positions in topics. */

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
import { ENTITIES } from '../../../lib/tables/entity-statistics.ts'
import { readTable } from '../../../lib/tables/table.ts'
import { AnswerCache, CachedAnswer, LruCache } from '../../cache/answer-cache.ts'
import { type RecentOptions, RecentRecords } from '../../cache/recent-records.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import type { EntityList } from './entity-list.ts'

/** Maximum number of entities in a list. Their statistics take about 50 MB. */
const MAX_ENTITIES = 50_000
/** Maximum number of readings of one entity that are kept. */
const MAX_READINGS = 100
/** Maximum number of minutes of one entity: those of one day, and a revision of each. */
const MAX_MINUTES = 2 * 24 * 60
const MAX_ALERTS = 500

const LIST_FOR_MS = 4_000
const RULES = { forMs: 15_000, most: 100, idleMs: 60_000 }
/**
 * Limits of the cached records: maximum number of entities, and the time after which unused entities are removed, in milliseconds.
 */
const RECENT = { most: 20, idleMs: 60_000 }
const LIMITS = { mostRecords: 200_000, withinMs: 2_000 }

export class TelemetryCache {
  readonly entities: CachedAnswer<EntityList>
  readonly #environment: ConsoleEnvironment
  readonly #rules = new AnswerCache<readonly AnyRule[] | undefined>(RULES)
  readonly #readings = new LruCache<RecentRecords<EntityReading>>(RECENT)
  readonly #minutes = new LruCache<RecentRecords<EntityMinute>>(RECENT)
  readonly #alerts = new LruCache<RecentRecords<EntityAlert>>(RECENT)

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.entities = new CachedAnswer(
      async () => {
        const [states, topic] = [await environment.inspection(), await environment.topicSize('readings')]
        const { rows, isWhole } = await readTable(states, ENTITIES, topic, { most: MAX_ENTITIES })
        return { entities: rows.map(({ open: _, ...entity }) => entity), isWhole }
      },
      { forMs: LIST_FOR_MS },
    )
  }

  /** Returns the rules that are active in a partition of the readings topic; undefined if no rules are active yet. */
  rules(partition: number): Promise<readonly AnyRule[] | undefined> {
    const topic = this.#environment.topic('readings')
    return this.#rules.ask(`${topic} ${partition}`, async () =>
      readPartitionRules(
        this.#environment.config.families,
        await this.#environment.inspection(),
        topic,
        partition,
      ),
    )
  }

  readings(entity: string, partition: number): RecentRecords<EntityReading> {
    const { families } = this.#environment.config
    const checkData = createDataCheck(families)
    return this.#readings.get(`${partition} ${entity}`, () =>
      this.#createRecent('readings', one => findReading(families, one, entity, checkData), {
        holding: getSearchText(entity),
        partition,
        most: MAX_READINGS,
      }),
    )
  }

  /**
   * Returns the minutes in the current partition of the entity's key. If partitions were added to the topic during the last hours,
   * earlier minutes are in another partition and are not returned.
   *
   * @param hours length of the period. Each length is cached separately.
   */
  minutes(entity: string, hours: number): RecentRecords<EntityMinute> {
    const partition = { ofKey: entity }
    const options = { holding: getSearchText(entity), partition, most: MAX_MINUTES }
    return this.#minutes.get(`${hours} ${entity}`, () =>
      this.#createRecent('analytics', one => findMinute(one, entity), options),
    )
  }

  alerts(entity: string, hours: number): RecentRecords<EntityAlert> {
    const options = { holding: getSearchText(entity), most: MAX_ALERTS }
    return this.#alerts.get(`${hours} ${entity}`, () =>
      this.#createRecent('alerts', one => findEntityAlert(one, entity), options),
    )
  }

  #createRecent<T extends { readonly timeMs: number }>(
    signal: Signal,
    findIn: (read: ReadRecord) => T | undefined,
    more: Pick<RecentOptions<T>, 'most' | 'holding' | 'partition'>,
  ): RecentRecords<T> {
    const find = async (records: readonly LogRecord[]) => {
      const events = await plainEvents(records, this.#environment.reader)
      return records.flatMap((record, index) => {
        const event = events[index]
        return (event && findIn({ record, event })) ?? []
      })
    }
    return new RecentRecords<T>({
      log: () => this.#environment.log(),
      offsets: () => this.#environment.offsets(),
      topic: this.#environment.topic(signal),
      find,
      limits: LIMITS,
      ...more,
    })
  }
}
