import assert from 'node:assert/strict'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import { KafkaLogReader, kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import type { KeyedProcess } from '#runtime/test/support/inside'
import { KafkaPublisher, toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import type { TestEnvironment } from './environment.ts'
import { Stage } from './stage.ts'

type Environment = Pick<TestEnvironment, 'name' | 'client' | 'topic' | 'read'>

/** Consumers on real servers, in this process. They read what was appended when a test lets them. */
export class RunningConsumers {
  readonly #environment: Environment
  readonly #redis = new RedisClient({ url: redisUrl() })
  readonly #kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  readonly #publisher = new KafkaPublisher(this.#kafka)
  readonly #log = new KafkaLogReader(this.#kafka)
  readonly #stages = new Map<string, Stage>()

  constructor(environment: Environment, processes: readonly object[]) {
    this.#environment = environment
    for (const process of processes as KeyedProcess<object>[]) {
      const stage = new Stage(process as never, {
        store: new RedisStateStore(this.#redis),
        publisher: this.#publisher,
        log: this.#log,
      })
      stage.consumer = { ...stage.consumer, env: environment.name }
      this.#stages.set(process.name, stage)
    }
  }

  /** Appends events to the readings; without a key for each, to one partition. */
  async append(events: readonly Event[], keyOf: (event: Event) => string = () => 'one'): Promise<void> {
    const messages = events.map(event => {
      const { value, headers } = writeEvent(event)
      return { key: keyOf(event), value, headers: Object.fromEntries(headers) }
    })
    await this.#environment.client.send(this.#environment.topic('readings'), messages)
  }

  /** Delivers everything that is in the topic. Records that the consumer knows are redelivered. */
  async catchUp(consumer: string, signal: 'readings' | 'patterns' | 'alerts'): Promise<void> {
    const topic = this.#environment.topic(signal)
    const records = (await this.#environment.read(signal)).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    assert.deepEqual(await this.#stages.get(consumer)?.batch(records), { batchItemFailures: [] })
  }

  async close(): Promise<void> {
    this.#redis.close()
    await Promise.all([this.#publisher.close(), this.#log.close()])
  }
}
