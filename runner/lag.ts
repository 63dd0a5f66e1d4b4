/** Lag metrics of the consumers in this process. */
import type { ReadTopic } from '../lib/queries/lag.ts'
import { consumerLags } from '../lib/queries/lag.ts'
import { TopicOffsets } from '../packages/runtime/adapters/kafka/offsets.ts'
import type { KafkaConnections } from '../packages/runtime/lambda/kafka-connections.ts'
import type { Metrics } from './metrics/metrics.ts'

const LAG = 'sluice_runner_lag_records'
const LAG_HELP = 'Records of a partition that the consumer group has not processed yet.'
const UP = 'sluice_runner_kafka_up'
const UP_HELP = '1 if the lag is known, 0 if Kafka did not report it.'

/** Time for which a result is reused for further requests, in milliseconds. */
const FRESH_MS = 5_000
/** Time limit for requests to Kafka, in milliseconds, so that a slow Kafka does not delay the metrics. */
const PATIENCE_MS = 4_000

export class Lag {
  readonly #kafka: Pick<KafkaConnections, 'kafka'>
  readonly #consumers: readonly ReadTopic[]
  readonly #metrics: Metrics
  #offsets: TopicOffsets | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  constructor(kafka: Pick<KafkaConnections, 'kafka'>, consumers: readonly ReadTopic[], metrics: Metrics) {
    this.#kafka = kafka
    this.#consumers = consumers
    this.#metrics = metrics
  }

  /** Updates the metrics, unless Kafka is too slow. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#consumers.length === 0) return
    if (performance.now() - this.#askedAtMs >= FRESH_MS)
      this.#asking ??= this.#ask().finally(() => {
        this.#askedAtMs = performance.now()
        this.#asking = undefined
      })
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(() => patience.resolve(this.#unknown()), PATIENCE_MS)
    await Promise.race([this.#asking, patience.promise]).finally(() => clearTimeout(timer))
  }

  async close(): Promise<void> {
    await this.#offsets?.close()
  }

  async #ask(): Promise<void> {
    try {
      this.#offsets ??= new TopicOffsets(await this.#kafka.kafka())
      const lags = await consumerLags(this.#offsets, this.#consumers)
      this.#metrics.clear(LAG)
      for (const { function: name, topic, partitions } of lags)
        for (const { partition, pending } of partitions)
          this.#metrics.set(LAG, LAG_HELP, { function: name, topic, partition: String(partition) }, pending)
      this.#metrics.set(UP, UP_HELP, {}, 1)
    } catch {
      // The event sources have already logged the reason.
      this.#unknown()
    }
  }

  #unknown(): void {
    this.#metrics.clear(LAG)
    this.#metrics.set(UP, UP_HELP, {}, 0)
  }
}
