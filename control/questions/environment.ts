/** Running environment, with its configuration and connections. Connections are opened when they are first used. */
import { ClusterInspection, type Kafka, type TopicLayout, TopicOffsets } from '#runtime/operating/kafka'
import { StateInspection } from '#runtime/operating/states'
import type { DataReader, LogReader } from '#runtime/pipeline'
import { once } from '#runtime/waiting'
import { keptSinceMs } from '../../lib/app/connections/dead-letter-source.ts'
import { openStorageReader } from '../../lib/app/connections/storage.ts'
import { dataReader } from '../../lib/app/data/data-reader.ts'
import { resolveInputs } from '../../lib/app/inputs/inputs.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { openStoredPlan } from '../../lib/clock/view-plan.ts'
import type { Input } from '../../lib/intake/input.ts'
import type { DeadLetterSource } from '../../lib/log/dead-letters.ts'
import { answerSoon } from '../../lib/log/kafka-answers.ts'
import { readTopicBounds } from '../../lib/log/topic-bounds.ts'
import type { StorageReader } from '../../lib/storage/storage.ts'
import { isLoopback } from '../../lib/support/loopback.ts'
import { listTopics } from '../../lib/topics/topic-descriptions.ts'
import { type ActivatedPlan, NO_TABLES, VIEWS_ACTIVATED_TYPE } from '../../lib/views/index.ts'
import { withTimeout } from '../diagnosis/observe.ts'
import type { Config } from '../environment/config.ts'
import { type DeclaredFunction, listTriggerTopics, type ReadTopic } from '../environment/functions.ts'
import type { TopicSize } from '../tables/table.ts'
import { GuardedConnections } from './guarded-connections.ts'
import { LagReader } from './lag-reader.ts'

/** A function as declared in serverless.yml, reduced to what it reads. */
export type ReadingFunction = Pick<DeclaredFunction, 'name' | 'consumes' | 'inputs' | 'reading'>

/** Names a value that an environment keeps, and its type. */
export class Kept<Value> {
  /** This is never set. Without it, tokens of all types would have the same type. */
  declare readonly value: Value
}

/** Offsets of topics. */
export type Offsets = Pick<TopicOffsets, 'bounds' | 'at' | 'close'>

export interface EnvironmentParts<Declared extends ReadingFunction = ReadingFunction> {
  readonly config: Config
  readonly functions: readonly Declared[]
  /** True on a local stack, whose rules folder is at hand; by default, if the brokers are on this machine. */
  readonly isLocal?: boolean
}

/** Clock and ids of a program. A simulation gives its own. */
export interface ClockAndIds {
  /** Returns the current time, in milliseconds since the epoch. */
  readonly nowMs: () => number
  /** Returns a new id. Its first six characters already differ from those of other ids. */
  readonly newId: () => string
}

/** Uses of Kafka in which programs differ: a command asks once, and a page repeats its questions during outages. */
interface KafkaPorts {
  readonly createOffsets: (kafka: Kafka) => Offsets
  /** Creates the offsets that only the lags use. */
  readonly createLagOffsets: (kafka: Kafka) => TopicOffsets
  /** Checks that Kafka answers soon, before a connection is used. @throws Unavailable */
  readonly checkKafka: () => Promise<unknown>
  /** Returns the number of partitions of a topic. @param otherwise number to return if Kafka does not answer soon */
  readonly countPartitions: (topic: string, otherwise: number) => Promise<number>
  /** Returns the SQL tables by the log, which has them if Redis has lost them. */
  readonly findTables: () => Promise<ActivatedPlan | undefined>
}

export class Environment<Declared extends ReadingFunction = ReadingFunction> {
  readonly functions: readonly Declared[]
  readonly connections: GuardedConnections
  readonly nowMs: ClockAndIds['nowMs']
  readonly newId: ClockAndIds['newId']
  readonly isLocal: boolean
  readonly cluster: () => Promise<ClusterInspection>
  readonly offsets: () => Promise<Offsets>
  /** Lags of the consumers. */
  readonly lags: LagReader
  readonly inspection: () => Promise<StateInspection>
  /** Database of `storage`, for reading. */
  readonly storage: () => Promise<StorageReader>
  readonly #ports: KafkaPorts
  /** Reason why the statements of tables were refused, where this program applies them. */
  statementsRefusal: string | undefined
  #config: Config
  #inputs: readonly Input[]
  #reader: DataReader | undefined
  readonly #kept = new Map<Kept<unknown>, Promise<unknown>>()
  /** Topics of the cluster, without internal ones, as of the first question. */
  readonly topics: () => Promise<readonly TopicLayout[]>

  /**
   * @param clientId name of the client in the broker's logs
   * @param createPorts receives the environment, whose connections its ports may use
   */
  constructor(
    {
      config,
      functions,
      isLocal = isOnThisMachine(config),
      nowMs,
      newId,
    }: EnvironmentParts<Declared> & ClockAndIds,
    clientId: string,
    createPorts: (environment: Environment) => KafkaPorts = createCommandPorts,
  ) {
    this.#config = config
    this.#inputs = resolveInputs(config)
    this.functions = functions
    const connections = new GuardedConnections(config, clientId)
    this.connections = connections
    this.isLocal = isLocal
    this.nowMs = nowMs
    this.newId = newId
    const inspectCluster = once(async () =>
      connections.register(new ClusterInspection(await connections.kafka())),
    )
    this.cluster = () => this.#whileKafkaAnswers(inspectCluster)
    const openOffsets = once(async () =>
      connections.register(this.#ports.createOffsets(await connections.kafka())),
    )
    this.offsets = () => this.#whileKafkaAnswers(openOffsets)
    this.inspection = once(async () => new StateInspection(await connections.redis()))
    this.storage = once(async () => connections.register(await openStorageReader(config)))
    this.topics = once(() => withTimeout(connections.kafka().then(listTopics)))
    this.#ports = createPorts(this)
    this.lags = new LagReader(this, this.#ports.createLagOffsets)
  }

  get config(): Config {
    return this.#config
  }

  /** Topics of other applications that the environment reads. */
  get inputs(): readonly Input[] {
    return this.#inputs
  }

  /** Uses the families and inputs of a configuration that was read anew. The servers stay. */
  reload(config: Config): void {
    this.#inputs = resolveInputs(config)
    this.#config = config
    this.#reader = undefined
    this.#kept.clear()
  }

  /** Topics and consumer groups of the functions. */
  get consumers(): readonly ReadTopic[] {
    const inputs = this.inputs.map(({ topic }) => topic)
    return this.functions.flatMap(declared => listTriggerTopics(declared, this.config, inputs))
  }

  /** Returns the function that uses a group; null for a group of another application. */
  findFunction(group: string): string | null {
    return this.consumers.find(consumer => consumer.group === group)?.function ?? null
  }

  /** Returns the topic name in Kafka. */
  topic(signal: Signal): string {
    return this.config.names.topicName(signal, this.config.env)
  }

  /** Returns the signal of a topic in Kafka; undefined for a topic of another application. */
  findSignal(topic: string): Signal | undefined {
    return this.config.names.signalNamed(topic, this.config.env)
  }

  /** Returns the name and the number of partitions of a topic. If Kafka does not answer, the number is that of its declaration. */
  async topicSize(signal: Signal): Promise<TopicSize> {
    const { topic, partitions } = this.config.names.topicSize(signal, this.config.env)
    return { topic, partitions: await this.#ports.countPartitions(topic, partitions) }
  }

  /** Reader of the data of all event types. */
  get reader(): DataReader {
    this.#reader ??= dataReader(this.#config)
    return this.#reader
  }

  /** Returns the SQL tables that are active; `NO_TABLES` before the first run of the function `clock`. */
  async sqlTables(): Promise<ActivatedPlan> {
    const plan = await openStoredPlan(this.connections, this.config.env)
    return (await plan.read()) ?? (await this.#ports.findTables()) ?? NO_TABLES
  }

  /** Returns the reader of dead letters. */
  async letters(): Promise<DeadLetterSource> {
    const topic = this.topic('dlq')
    const [log, offsets] = await Promise.all([this.log(), this.offsets()])
    const bounds = () => readTopicBounds(offsets, topic)
    const sinceMs = () => keptSinceMs(this.nowMs())
    const { families } = this.config
    return { families, log, topic, bounds, keptSinceMs: sinceMs, states: this.inspection }
  }

  /** Returns what questions keep between their answers. @param create called for the first answer, and again after a failure */
  keep<T>(token: Kept<T>, create: () => Promise<T>): Promise<T> {
    const kept = (this.#kept.get(token) ?? create()) as Promise<T>
    this.#kept.set(token, kept)
    kept.catch(() => this.#kept.delete(token))
    return kept
  }

  /** Returns the result of work that concurrent callers share. */
  share<T>(token: Kept<T>, work: () => Promise<T>): Promise<T> {
    const shared = this.keep(token, work)
    shared.finally(() => this.#kept.delete(token)).catch(() => {})
    return shared
  }

  kafka(): Promise<Kafka> {
    return this.#whileKafkaAnswers(() => this.connections.kafka())
  }

  log(): Promise<LogReader> {
    return this.#whileKafkaAnswers(() => this.connections.log())
  }

  async #whileKafkaAnswers<T>(open: () => Promise<T>): Promise<T> {
    await this.#ports.checkKafka()
    return open()
  }

  async close(): Promise<void> {
    await this.connections.close()
  }
}

function createCommandPorts(environment: Environment): KafkaPorts {
  return {
    createOffsets: kafka => new TopicOffsets(kafka),
    createLagOffsets: kafka => new TopicOffsets(kafka),
    checkKafka: environment.topics,
    countPartitions(topic, otherwise) {
      const find = (topics: readonly TopicLayout[]) => topics.find(layout => layout.topic === topic)
      return answerSoon(
        environment.topics().then(topics => find(topics)?.partitions.length),
        otherwise,
      )
    },
    async findTables() {
      const { findActivations } = await import('../../lib/clock/activations.ts')
      const ports = { log: await environment.log(), bounds: await environment.offsets() }
      return (await findActivations<ActivatedPlan>(ports, environment.config, VIEWS_ACTIVATED_TYPE)).newest
    },
  }
}

/**
 * Returns whether the configuration is for a local stack, which means that the brokers are on loopback and require no
 * authentication.
 */
export function isOnThisMachine({ kafka }: Pick<Config, 'kafka'>): boolean {
  const { brokers, auth } = kafka
  return (
    auth === 'none' && brokers.length > 0 && brokers.every(broker => isLoopback(broker.replace(/:\d+$/, '')))
  )
}
