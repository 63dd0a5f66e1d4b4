import { randomUUID } from 'node:crypto'
import { ForeignClient, type ForeignRecord } from '@sluice/test-kit/foreign-client'
import { awsEndpoint, brokers, redisUrl } from '@sluice/test-kit/servers'
import { until } from '@sluice/test-kit/until'
import { RedisClient } from '#runtime/operating/redis'
import { StateInspection, type StateSummary } from '#runtime/operating/states'
import type { Audit } from '../../control/operations/audit-event.ts'
import { AUDIT_TYPE } from '../../control/queries/records/unended-operations.ts'
import { readOutcomes } from '../../control/queries/states/outcomes.ts'
import { listStateKeys, storedEntities } from '../../control/tables/table.ts'
import type { Names } from '../../lib/app/naming/names.ts'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { createResources } from '../../localstack/aws/resources.ts'
import { createTopics } from '../../localstack/local-topics.ts'
import { consumersDownstream, listTopics } from './consumers.ts'
import { NAMES } from './families.ts'

/** Number of records by `outcome/reason`. */
export type Tally = Readonly<Record<string, number>>

/** Environment of a test file on the shared servers. It has topics, resources and partition states of its own. */
export class TestEnvironment {
  readonly name: string
  readonly names: Names
  readonly client: ForeignClient
  readonly #redis: RedisClient

  private constructor(name: string, names: Names, client: ForeignClient, redis: RedisClient) {
    this.name = name
    this.names = names
    this.client = client
    this.#redis = redis
  }

  /**
   * Creates an environment.
   *
   * @param name name of the environment; by default, a name that no other test uses
   * @param names names and partitions of its topics; by default, those that no setting changes
   * @param kafka brokers with the topics of the environment
   * @param url URL of the Redis with the partition states of the environment
   */
  static async create({
    name = `t${randomUUID().slice(0, 8)}`,
    names = NAMES,
    kafka = brokers() as readonly string[],
    url = redisUrl(),
    generator = {} as unknown,
  } = {}): Promise<TestEnvironment> {
    const environment = new TestEnvironment(
      name,
      names,
      await ForeignClient.connect(kafka),
      new RedisClient({ url }),
    )
    await Promise.all([
      createTopics({ brokers: kafka, env: environment.name, names }),
      createResources({ awsEndpoint: awsEndpoint(), env: environment.name, generator }),
    ])
    return environment
  }

  topic(signal: Signal): string {
    return this.names.topicName(signal, this.name)
  }

  read(signal: Signal): Promise<ForeignRecord[]> {
    return this.client.read(this.topic(signal))
  }

  /** Returns the number of records that were appended to the topic. */
  async readLength(signal: Signal): Promise<number> {
    return (await this.client.ends(this.topic(signal))).reduce((sum, end) => sum + end, 0)
  }

  /** Returns the audit events of all operations at their ends. */
  async audits(): Promise<Audit[]> {
    const events = await this.read('events')
    return events
      .filter(({ headers }) => String(headers?.ce_type) === AUDIT_TYPE)
      .map(({ value }): Audit => JSON.parse(String(value)))
      .filter(({ outcome }) => outcome !== 'begun')
  }

  /** Waits until the consumer has processed all records of its topics, and has published its emissions. */
  async untilCaughtUp(consumer: string): Promise<void> {
    const signals = listTopics(consumer)
    const ends = (await Promise.all(signals.map(signal => this.client.ends(this.topic(signal))))).flat()
    const summaries = () => this.#summaries(consumer)
    await until(
      `${consumer} has come to the end of ${signals.join(', ')}`,
      async () =>
        (await summaries()).every(
          ({ appliedOffset, outbox }, at) => appliedOffset + 1 >= (ends[at] ?? 0) && outbox === 0,
        ),
      {
        describe: async () => ({
          ends,
          appliedOffsets: (await summaries()).map(({ appliedOffset }) => appliedOffset),
        }),
      },
    )
  }

  /** Waits until the consumer has processed this number of records. */
  async untilDecided(consumer: string, count: number): Promise<void> {
    await until(
      `${consumer} has decided ${count} records`,
      async () => (await this.decided(consumer)) >= count,
    )
  }

  /**
   * Waits until all records are processed and all emissions are published, from the readings to the dead letters.
   *
   * @param running consumers that run; by default, all
   */
  async untilTrimmed(running?: readonly string[]): Promise<void> {
    for (const consumers of consumersDownstream()) {
      const awaited = consumers.filter(consumer => running?.includes(consumer) ?? true)
      await Promise.all(awaited.map(consumer => this.untilCaughtUp(consumer)))
    }
  }

  /**
   * Returns the sums of the counters in the partition states of the consumer for its first topic, which is that of readings for
   * consumers of several. They are exact, because counters and applied offset are committed together.
   */
  async tally(consumer: string): Promise<Tally> {
    return (await readOutcomes(new StateInspection(this.#redis), this.#stateKeys(consumer, 1))).reasons
  }

  /** Returns the number of records that the consumer has processed in all partitions. */
  async decided(consumer: string): Promise<number> {
    return (await this.#summaries(consumer)).reduce((sum, { appliedOffset }) => sum + appliedOffset + 1, 0)
  }

  /** Returns the states of all entities of the consumer. */
  async states(consumer: string, signals = listTopics(consumer)): Promise<Map<string, unknown>> {
    const inspection = new StateInspection(this.#redis)
    const states = new Map<string, unknown>()
    for (const stateKey of signals.flatMap(signal =>
      listStateKeys(consumer, this.names.topicSize(signal, this.name)),
    ))
      for await (const { entity, state } of storedEntities(inspection, stateKey)) states.set(entity, state)
    return states
  }

  async close(): Promise<void> {
    this.#redis.close()
    await this.client.close()
  }

  #summaries(consumer: string): Promise<StateSummary[]> {
    const inspection = new StateInspection(this.#redis)
    return Promise.all(this.#stateKeys(consumer).map(stateKey => inspection.summary(stateKey)))
  }

  #stateKeys(consumer: string, topics = Number.POSITIVE_INFINITY) {
    return listTopics(consumer)
      .slice(0, topics)
      .flatMap(signal => listStateKeys(consumer, this.names.topicSize(signal, this.name)))
  }
}

/** Returns the number of records with this outcome, for any reason. */
export function outcomes(tally: Tally, outcome: string): number {
  return Object.entries(tally).reduce(
    (sum, [name, count]) => sum + (name.startsWith(`${outcome}/`) ? count : 0),
    0,
  )
}
