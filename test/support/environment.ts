import { randomUUID } from 'node:crypto'
import { RedisClient } from '../../lib/adapters/redis/client.ts'
import { SlotInspection, type SlotSummary } from '../../lib/adapters/redis/inspection.ts'
import { type Signal, TOPICS, topicName } from '../../lib/domain/topics.ts'
import { createResources } from '../../localstack/resources.ts'
import { createTopics } from '../../localstack/topics.ts'
import { ForeignClient, type ForeignRecord } from './foreign-client.ts'
import { awsEndpoint, brokers, redisUrl } from './servers.ts'
import { until } from './until.ts'

/** The consumers of readings, and what reads their failures. */
export type ConsumerName = 'processor' | 'alerting' | 'activity' | 'dlq-router'

const READS = {
  processor: 'readings',
  alerting: 'readings',
  activity: 'readings',
  'dlq-router': 'failures',
} as const

/** How many records ended how, by `outcome/reason`. */
export type Tally = Readonly<Record<string, number>>

/** An environment of one test file's own, in the servers that all share: topics, resources, and slots in Redis. */
export class TestEnvironment {
  readonly name = `t${randomUUID().slice(0, 8)}`
  readonly client: ForeignClient
  readonly #redis: RedisClient

  private constructor(client: ForeignClient, redis: RedisClient) {
    this.client = client
    this.#redis = redis
  }

  /**
   * @param kafka the brokers that hold its topics
   * @param url the Redis in which its consumers keep their slots
   */
  static async create({
    kafka = brokers() as readonly string[],
    url = redisUrl(),
    generator = {} as unknown,
  } = {}): Promise<TestEnvironment> {
    const environment = new TestEnvironment(await ForeignClient.connect(kafka), new RedisClient({ url }))
    await Promise.all([
      createTopics({ brokers: kafka, env: environment.name }),
      createResources({ awsEndpoint: awsEndpoint(), env: environment.name, generator }),
    ])
    return environment
  }

  topic(signal: Signal): string {
    return topicName(signal, this.name)
  }

  read(signal: Signal): Promise<ForeignRecord[]> {
    return this.client.read(this.topic(signal))
  }

  /** Waits until the consumer has decided every record of its topic, and published all that came of it. */
  async untilCaughtUp(consumer: ConsumerName): Promise<void> {
    const ends = await this.client.ends(this.topic(READS[consumer]))
    const summaries = () => this.#summaries(consumer)
    await until(
      `${consumer} has come to the end of ${READS[consumer]}`,
      async () =>
        (await summaries()).every(
          ({ mark, outbox }, partition) => mark + 1 === ends[partition] && outbox === 0,
        ),
      { describe: async () => ({ ends, marks: (await summaries()).map(({ mark }) => mark) }) },
    )
  }

  /** Waits until the consumer has decided so many records. */
  async untilDecided(consumer: ConsumerName, count: number): Promise<void> {
    await until(
      `${consumer} has decided ${count} records`,
      async () => (await this.decided(consumer)) >= count,
    )
  }

  /** Waits until nothing is on its way any more, from the readings to the dead letters. */
  async untilSettled(): Promise<void> {
    const ofReadings = ['processor', 'alerting', 'activity'] as const
    await Promise.all(ofReadings.map(consumer => this.untilCaughtUp(consumer)))
    await this.untilCaughtUp('dlq-router')
  }

  /** The counters of all the consumer's slots together: exact, because they are committed with the mark. */
  async tally(consumer: ConsumerName): Promise<Tally> {
    const sums: Record<string, number> = {}
    for (const { tally } of await this.#summaries(consumer))
      for (const [name, count] of Object.entries(tally)) sums[name] = (sums[name] ?? 0) + count
    return sums
  }

  /** How many records the consumer has decided, all partitions together. */
  async decided(consumer: ConsumerName): Promise<number> {
    return (await this.#summaries(consumer)).reduce((sum, { mark }) => sum + mark + 1, 0)
  }

  /** The states of all the consumer's slots, by entity. */
  async states(consumer: ConsumerName): Promise<Map<string, unknown>> {
    const inspection = new SlotInspection(this.#redis)
    const states = new Map<string, unknown>()
    for (const slot of this.#slots(consumer))
      for await (const [entity, state] of inspection.states(slot)) states.set(entity, state)
    return states
  }

  async close(): Promise<void> {
    this.#redis.close()
    await this.client.close()
  }

  #summaries(consumer: ConsumerName): Promise<SlotSummary[]> {
    const inspection = new SlotInspection(this.#redis)
    return Promise.all(this.#slots(consumer).map(slot => inspection.summary(slot)))
  }

  #slots(consumer: ConsumerName) {
    const signal = READS[consumer]
    const topic = this.topic(signal)
    return Array.from({ length: TOPICS[signal].partitions }, (_, partition) => ({
      consumer,
      topic,
      partition,
    }))
  }
}

/** How many records ended in one way, whatever the reason. */
export function outcomes(tally: Tally, outcome: string): number {
  return Object.entries(tally).reduce(
    (sum, [name, count]) => sum + (name.startsWith(`${outcome}/`) ? count : 0),
    0,
  )
}
