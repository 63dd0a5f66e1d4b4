import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import type { OutgoingRecord } from '#runtime/cloudevents'
import { defineProcess } from '#runtime/consumer'
import { kafkaClient } from '#runtime/operating/kafka'
import { RedisClient } from '#runtime/operating/redis'
import { RedisCircuitBreaker } from '#runtime/operating/states'
import { CONSUMER_DEFAULTS, type Publisher } from '#runtime/pipeline'
import {
  type BatchResponse,
  consume,
  type KeyedProcess,
  LatestDecisions,
  LogChecks,
} from '#runtime/test/support/inside'
import { KafkaPublisher } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { kafkaEvent, logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { TestEnvironment } from '../support/environment.ts'
import { APPLICATION } from '../support/families.ts'
import { RedisMonitor } from '../support/redis-monitor.ts'
import { counting, RecordingObserver } from '../support/stage.ts'

const SIZE = 100
const INVOCATION = {
  remainingMs: () => 60_000,
  partialResponses: true,
  nowMs: Date.now,
  pause: async () => {},
  codeVersion: () => 'test',
  latest: new LatestDecisions(),
  logChecks: new LogChecks(),
}
const quiet = defineProcess<number>('quiet', {
  accepts: counting.accepts,
  onEvent: (count = 0) => count + 1,
})

/** Counts the calls. */
class CountingPublisher implements Publisher {
  calls = 0
  readonly #real: Publisher

  constructor(real: Publisher) {
    this.#real = real
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    this.calls++
    await this.#real.publish(records)
  }
}

describe('the pipeline on Redis and Kafka', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  const store = new RedisStateStore(redis)
  let environment: TestEnvironment
  let monitor: RedisMonitor

  before(async () => {
    environment = await TestEnvironment.create()
    monitor = await RedisMonitor.of(environment.topic('readings'))
  })

  after(async () => {
    monitor?.close()
    await environment?.close()
    await kafka.close()
    redis.close()
  })

  function createConsumer(process: KeyedProcess<never>, partition: number) {
    const publisher = new CountingPublisher(kafka)
    const observer = new RecordingObserver()
    const ports = {
      store,
      publisher,
      log: new MemoryLogReader([]),
      breaker: new RedisCircuitBreaker(redis, environment.name),
      report: observer.report,
    }
    const consumer = {
      ...CONSUMER_DEFAULTS,
      process: process as KeyedProcess<unknown>,
      application: APPLICATION,
      failuresTo: APPLICATION.failuresTopic,
      env: environment.name,
    }
    /** Returns a batch of readings, each of an entity of its own by default; `first` is its first offset. */
    const batch = (first: number, entities = SIZE): Promise<BatchResponse> => {
      const records = Array.from({ length: SIZE }, (_, index) => {
        const event = reading(`${partition}/${first + index}`, { sensor: `${partition}/${index % entities}` })
        return logRecord(first + index, event, { topic: environment.topic('readings'), partition })
      })
      return consume(consumer, ports, kafkaEvent(records), INVOCATION)
    }
    return { publisher, observer, batch }
  }

  /** The ids of what came to the events topic from this partition's readings, in order of their causes. */
  async function readEmissions(partition: number): Promise<string[]> {
    const records = await environment.read('events')
    const own = records.filter(({ key }) =>
      key?.toString().startsWith(`/environment/test-site ${partition}/`),
    )
    return own.map(({ headers }) => String(headers?.ce_id))
  }

  for (const entities of [1, SIZE])
    it(`given a batch of ${SIZE} readings of ${entities} entities, then it costs two Redis calls and no publish`, async () => {
      const partition = entities === 1 ? 0 : 1
      const { batch, publisher, observer } = createConsumer(quiet as never, partition)
      await batch(0, entities)
      // The second: at the first a server may not have seen the scripts yet.
      const commands = await monitor.during(() => batch(SIZE, entities))
      assert.deepEqual(commands, ['evalsha', 'evalsha'])
      assert.equal(publisher.calls, 0)
      assert.equal(observer.decisions.length, 2 * SIZE)
    })

  it('given a batch that emits for every entity, then it costs three calls to Redis and one publish', async () => {
    const { batch, publisher } = createConsumer(counting as never, 2)
    await batch(0)
    assert.equal(publisher.calls, 0)
    const commands = await monitor.during(() => batch(SIZE))
    assert.deepEqual(commands, ['evalsha', 'evalsha', 'hdel'])
    assert.equal(publisher.calls, 1)
    assert.equal(new Set(await readEmissions(2)).size, SIZE)
  })
})
