/** Environment that the console shows, with its configuration and connections. Connections are opened when they are first used. */

import type { Kafka } from '#runtime/adapters/kafka/client.ts'
import { ClusterInspection } from '#runtime/adapters/kafka/cluster-inspection.ts'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { Connections } from '#runtime/lambda/connections.ts'
import { once } from '#runtime/lambda/once.ts'
import type { DataReader, LogReader } from '#runtime/pipeline/ports.ts'
import type { Config } from '../lib/app/config.ts'
import { dataReader } from '../lib/app/data-reader.ts'
import type { InputSelection } from '../lib/app/functions.ts'
import { listTriggerTopics } from '../lib/app/functions.ts'
import { createClusterFinder, listFurtherTopics, resolveInputs } from '../lib/app/inputs.ts'
import { openStorageReader } from '../lib/app/storage.ts'
import type { Signal } from '../lib/app/topic-table.ts'
import { openStoredPlan } from '../lib/clock/view-plan.ts'
import { describeKafka } from '../lib/diagnosis/server-standards.ts'
import type { Input } from '../lib/intake/input.ts'
import { NO_TABLES } from '../lib/operations/views/plan-change.ts'
import type { DeadLetterSource } from '../lib/queries/dead-letters/dead-letters.ts'
import type { ReadTopic } from '../lib/queries/kafka/consumer-lag.ts'
import { readTopicBounds } from '../lib/queries/kafka/topics.ts'
import type { StorageReader } from '../lib/storage/storage.ts'
import type { TopicSize } from '../lib/tables/table.ts'
import type { ActivatedPlan } from '../lib/views/plan.ts'
import { Cache } from './cache.ts'
import { countPartitions, KafkaMonitor } from './kafka-outage.ts'
import { PageOffsets } from './page-offsets.ts'

/** A function as declared in serverless.yml, reduced to the properties that the console uses. */
export interface ShownFunction {
  readonly name: string
  readonly consumes: readonly Signal[]
  /** Inputs that the function reads. */
  readonly inputs?: InputSelection
  /** Topics that the function reads as a forwarder, when its schedule invokes it. */
  readonly forwards: readonly Signal[]
  readonly emits: readonly Signal[]
  readonly uses: readonly string[]
  /** Batching of the Kafka event source. `maximumBatchingWindow` is in seconds. */
  readonly reading: { readonly maximumBatchingWindow: number }
}

export interface EnvironmentOptions {
  readonly config: Config
  readonly functions: readonly ShownFunction[]
  /** True on a local stack, whose rules folder is at hand. */
  readonly isLocal: boolean
}

/** What the console uses of the settings, the families and the inputs. */
interface Used {
  readonly config: Config
  readonly inputs: readonly Input[]
  readonly reader: DataReader
  readonly findCluster: ReturnType<typeof createClusterFinder>
}

function readUsed(config: Config): Used {
  const inputs = resolveInputs(config)
  return { config, inputs, reader: dataReader(config), findCluster: createClusterFinder(config, inputs) }
}

/** Time for which the number of a topic's partitions is reused, in milliseconds. */
const PARTITIONS_FOR_MS = 10_000

export class ConsoleEnvironment {
  readonly functions: readonly ShownFunction[]
  readonly isLocal: boolean
  /** Connections that are not guarded; see `#guardConnection`. */
  readonly connections: Connections
  readonly offsets: () => Promise<PageOffsets>
  readonly cluster: () => Promise<ClusterInspection>
  readonly inspection: () => Promise<StateInspection>
  /** Database of `storage`, for reading. */
  readonly storage: () => Promise<StorageReader>
  #used: Used
  readonly #reach: KafkaMonitor
  readonly #partitions = new Cache<number>({ forMs: PARTITIONS_FOR_MS })

  constructor({ config, functions, isLocal }: EnvironmentOptions) {
    this.#used = readUsed(config)
    this.functions = functions
    this.isLocal = isLocal
    this.connections = new Connections(
      { ...config, findCluster: topic => this.#used.findCluster(topic) },
      'sluice-console',
    )
    const openOnce = <T extends { close(): Promise<void> }>(open: (kafka: Kafka) => T) =>
      once(async () => this.connections.register(open(await this.connections.kafka())))
    const looking = openOnce(kafka => new ClusterInspection(kafka))
    this.#reach = new KafkaMonitor(async () => (await looking()).metadata([]), {
      address: describeKafka(config).address,
    })
    this.offsets = this.#guardConnection(openOnce(kafka => new PageOffsets(kafka)))
    this.cluster = this.#guardConnection(openOnce(kafka => new ClusterInspection(kafka)))
    this.inspection = once(async () => new StateInspection(await this.connections.redis()))
    this.storage = once(async () => this.connections.register(await openStorageReader(config)))
  }

  get config(): Config {
    return this.#used.config
  }

  /** Topics of other applications that the environment reads. */
  get inputs(): readonly Input[] {
    return this.#used.inputs
  }

  /** Reader of the data of all event types. */
  get reader(): DataReader {
    return this.#used.reader
  }

  /** Uses the families and inputs of now, which a person has saved. The servers stay. @param config settings that were read anew */
  reload(config: Config): void {
    this.#used = readUsed(config)
  }

  /** Topics and consumer groups of the functions, in Sluice's own cluster. */
  get consumers(): readonly ReadTopic[] {
    return this.#listConsumers(false)
  }

  /** Inputs in the further cluster, and their groups. None in an account: the role of the console has no access to that cluster. */
  get furtherConsumers(): readonly ReadTopic[] {
    return this.isLocal ? this.#listConsumers(true) : []
  }

  #listConsumers(isFurther: boolean): ReadTopic[] {
    const further = listFurtherTopics(this.inputs)
    const inputs = this.inputs.map(({ topic }) => topic)
    return this.functions
      .flatMap(declared => listTriggerTopics(declared, this.config, inputs))
      .filter(({ topic }) => further.has(topic) === isFurther)
  }

  /** Returns the topic name in Kafka. */
  topic(signal: Signal): string {
    return this.config.names.topicName(signal, this.config.env)
  }

  /** Returns the signal of a topic in Kafka; undefined for a topic of another application. */
  findSignal(topic: string): Signal | undefined {
    return this.config.names.signalNamed(topic, this.config.env)
  }

  /**
   * Returns the name and the number of partitions of a topic. If Kafka does not respond soon, the number is the last known one, or
   * that of the topic's declaration.
   */
  async topicSize(signal: Signal): Promise<TopicSize> {
    const { topic, partitions } = this.config.names.topicSize(signal, this.config.env)
    const readBounds = async () => readTopicBounds(await this.offsets(), topic)
    const count = (last = partitions) => countPartitions(readBounds(), last)
    return { topic, partitions: await this.#partitions.get(topic, count) }
  }

  kafka(): Promise<Kafka> {
    return this.#guardConnection(() => this.connections.kafka())()
  }

  log(): Promise<LogReader> {
    return this.#guardConnection(() => this.connections.log())()
  }

  /** Returns the reader of dead letters. */
  async letters(): Promise<DeadLetterSource> {
    const topic = this.topic('dlq')
    const [log, offsets] = await Promise.all([this.log(), this.offsets()])
    return {
      families: this.config.families,
      log,
      topic,
      bounds: () => readTopicBounds(offsets, topic),
      states: this.inspection,
    }
  }

  /** Returns the SQL tables that are active. */
  async sqlTables(): Promise<ActivatedPlan> {
    const plan = await openStoredPlan(this.connections, this.config.env)
    return (await plan.read()) ?? NO_TABLES
  }

  /**
   * Wraps a function that opens a connection, so that it fails immediately while Kafka is known to be unavailable. See
   * `KafkaMonitor`.
   */
  #guardConnection<T>(open: () => Promise<T>): () => Promise<T> {
    return async () => {
      await this.#reach.check()
      return open()
    }
  }

  async close(): Promise<void> {
    await this.connections.close()
  }
}

/**
 * Returns whether the configuration is for a local stack, which means that the brokers are on loopback and require no
 * authentication.
 */
export function isOnThisMachine({ kafka }: Pick<Config, 'kafka'>): boolean {
  const { brokers, auth } = kafka
  return auth === 'none' && brokers.length > 0 && brokers.every(broker => LOOPBACK.test(broker))
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):\d+$/
