/** Data source for the alerts pages. It limits the number of records that are read from the topic. */

import type { LogRecord } from '#runtime/cloudevents/index.ts'
import { PlainLog, plainRecords } from '#runtime/pipeline/decoding/index.ts'
import { Unavailable } from '#runtime/pipeline/errors.ts'
import type { DataReader } from '#runtime/pipeline/ports.ts'
import { openStoredSilences } from '../../../lib/clock/stored-silences.ts'
import { getPhase, type Silence } from '../../../lib/notification/silences.ts'
import {
  type AlertLife,
  type AlertPredicate,
  collectLives,
  readAlertLives,
} from '../../../lib/queries/alerts/alert-lives.ts'
import { type AlertSource, countRecordsBehind } from '../../../lib/queries/alerts/known-alerts.ts'
import { readTopicBounds, readTopicReach } from '../../../lib/queries/kafka/topics.ts'
import { selectNewest } from '../../../lib/queries/records/newest-ranges.ts'
import { type Range, searchRecords, toRanges } from '../../../lib/queries/records/read-records.ts'
import { type AlertSummary, isMatched } from '../../../lib/tables/alert-summary.ts'
import { type ActiveAlert, conditionTopics, readActiveAlerts } from '../../../lib/tables/conditions.ts'
import { type FiringNow, firingNow } from '../../../lib/tables/firing-alerts.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'

/** Limits of one query: number of records to read from the alerts topic, and time in milliseconds. */
const MAX_RECORDS = 100_000
const MAX_MS = 10_000

interface Bounds {
  /** Restricts the query to events that contain this text, such as an alert id. The whole topic is searched. */
  readonly holding?: string
}

export class LimitedAlertSource implements AlertSource {
  /** Number of older records that were not read because of the limit. */
  leftOut = 0
  /** True if the time limit was reached before all records were read. */
  isCut = false
  readonly #environment: ConsoleEnvironment
  readonly #reader: DataReader
  readonly #holding: string | undefined

  constructor(environment: ConsoleEnvironment, { holding }: Bounds = {}) {
    this.#environment = environment
    this.#reader = environment.reader
    this.#holding = holding
  }

  get topic() {
    const { names, env } = this.#environment.config
    return names.topicSize('alerts', env)
  }

  async firing(): Promise<FiringNow[]> {
    const [inspection, topic] = [
      await this.#environment.inspection(),
      await this.#environment.topicSize('alerts'),
    ]
    return firingNow(this.#environment.config.families, inspection, topic)
  }

  async behind(): Promise<number | null> {
    try {
      const bounds = await readTopicBounds(await this.#environment.offsets(), this.topic.topic)
      return await countRecordsBehind(await this.#environment.inspection(), this.topic, bounds)
    } catch (error) {
      if (error instanceof Unavailable && error.code === 'broker-unavailable') return null
      throw error
    }
  }

  async lives(
    fromMs: number | undefined,
    isWanted?: AlertPredicate,
    isIn: (range: Range) => boolean = () => true,
  ): Promise<AlertLife[]> {
    const { topic } = this.topic
    const reach = await readTopicReach(await this.#environment.offsets(), topic, fromMs)
    const { ranges, leftOut } = selectNewest(toRanges(topic, reach).filter(isIn), MAX_RECORDS)
    this.leftOut = leftOut
    const signal = AbortSignal.timeout(MAX_MS)
    if (this.#holding !== undefined) return this.#searchLives(ranges, this.#holding, signal, isWanted)
    const log = new PlainLog(await this.#environment.log(), this.#reader)
    const { families } = this.#environment.config
    const lives = await readAlertLives(families, log, ranges, { signal, ...(isWanted && { isWanted }) })
    this.isCut = signal.aborted
    return [...lives.values()]
  }

  async active(entity: string): Promise<ActiveAlert[]> {
    const topics = await conditionTopics(signal => this.#environment.topicSize(signal))
    return readActiveAlerts(await this.#environment.inspection(), ...topics, entity)
  }

  /** Returns the active silences. */
  async silences(): Promise<readonly Silence[]> {
    const { connections, config } = this.#environment
    const set = await (await openStoredSilences(connections, config.env)).read()
    const nowMs = Date.now()
    return (set?.silences ?? []).filter(silence => getPhase(silence, nowMs) === 'active')
  }

  /** Returns the records with their data converted to JSON. */
  toPlainRecords(records: readonly LogRecord[]): Promise<readonly LogRecord[]> {
    return plainRecords(records, this.#reader)
  }

  async #searchLives(
    ranges: readonly Range[],
    text: string,
    signal: AbortSignal,
    isWanted: AlertPredicate | undefined,
  ): Promise<AlertLife[]> {
    const records: LogRecord[] = []
    try {
      await searchRecords(await this.#environment.log(), ranges, text, record => records.push(record), signal)
    } catch (error) {
      if (!signal.aborted) throw error
      throw new ProblemError(
        'unavailable',
        `The alerts topic could not be searched within ${MAX_MS / 1000} s. Use \`sluice alerts show\`, which has no time limit.`,
      )
    }
    const { families } = this.#environment.config
    return [...collectLives(families, await this.toPlainRecords(records), isWanted).values()]
  }
}

/** Returns the ids of the silences that match an alert. Pure. */
export function findSilenceIds(silences: readonly Silence[], alert: AlertSummary): string[] {
  return silences.filter(({ match }) => isMatched(match, alert)).map(({ id }) => id)
}
