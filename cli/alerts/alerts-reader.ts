/** Reads alerts from the view of firing alerts in Redis and from the alerts topic. */

import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { PlainLog } from '#runtime/pipeline/decoding/index.ts'
import type { Config } from '../../lib/app/config.ts'
import { dataReader } from '../../lib/app/data-reader.ts'
import { type AlertLife, type AlertPredicate, readAlertLives } from '../../lib/queries/alerts/alert-lives.ts'
import { type AlertSource, countRecordsBehind } from '../../lib/queries/alerts/known-alerts.ts'
import { type Range, toRanges } from '../../lib/queries/records/read-records.ts'
import { type ActiveAlert, conditionTopics, readActiveAlerts } from '../../lib/tables/conditions.ts'
import { type FiringNow, firingNow } from '../../lib/tables/firing-alerts.ts'
import type { TopicSize } from '../../lib/tables/table.ts'
import { CliFailure } from '../failure.ts'
import type { CommandConnections } from '../servers/command-connections.ts'
import { missingTopicFailure } from '../servers/environment.ts'
import { readLogBounds } from '../servers/log-bounds.ts'
import { withRedis } from '../servers/redis.ts'
import { readReachByTopic } from '../servers/topic-reach.ts'

/** Reads the alerts of an environment from its servers. */
export class AlertsReader implements AlertSource {
  readonly inspection: StateInspection
  readonly connections: CommandConnections
  readonly config: Config
  readonly #stop: AbortSignal

  constructor(
    config: Config,
    connections: CommandConnections,
    inspection: StateInspection,
    stop: AbortSignal,
  ) {
    this.config = config
    this.connections = connections
    this.inspection = inspection
    this.#stop = stop
  }

  get topic(): TopicSize {
    return this.config.names.topicSize('alerts', this.config.env)
  }

  /**
   * Runs work with a reader of alerts.
   *
   * @throws CliFailure if Redis or Kafka does not answer, or if the environment has no alerts topic
   */
  static run<T>(config: Config, stop: AbortSignal, use: (reader: AlertsReader) => Promise<T>): Promise<T> {
    return withRedis(config, (client, connections) =>
      use(new AlertsReader(config, connections, new StateInspection(client), stop)),
    )
  }

  firing(): Promise<FiringNow[]> {
    return firingNow(this.config.families, this.inspection, this.topic)
  }

  /**
   * Returns the number of records in the alerts topic that the view of firing alerts has not processed yet; null if Kafka does not
   * answer.
   *
   * @throws CliFailure if the environment has no such topic
   */
  async behind(): Promise<number | null> {
    const { topic } = this.topic
    const bounds = await readLogBounds(this.connections, this.config, topic)
    if (bounds instanceof CliFailure) return null
    if (bounds === 'no-topic') throw missingTopicFailure(topic, this.config)
    return countRecordsBehind(this.inspection, this.topic, bounds)
  }

  /**
   * Returns the histories of alerts.
   *
   * @param fromMs earliest append time of the records to read; undefined to read all retained records
   */
  async lives(
    fromMs: number | undefined,
    isWanted?: AlertPredicate,
    isIn: (range: Range) => boolean = () => true,
  ): Promise<AlertLife[]> {
    const { topic } = this.topic
    const reach = await readReachByTopic(this.connections, this.config, [topic], fromMs)
    const ranges = [...reach].flatMap(([name, one]) => toRanges(name, one)).filter(isIn)
    const log = new PlainLog(await this.connections.log(), dataReader(this.config))
    const options = { signal: this.#stop, ...(isWanted && { isWanted }) }
    return [...(await readAlertLives(this.config.families, log, ranges, options)).values()]
  }

  async active(entity: string): Promise<ActiveAlert[]> {
    const { env, names } = this.config
    const topics = await conditionTopics(signal => names.topicSize(signal, env))
    return readActiveAlerts(this.inspection, ...topics, entity)
  }
}
