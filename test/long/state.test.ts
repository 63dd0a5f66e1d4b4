/** `sluice state` beside a running consumer, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { kafkaClient } from '#runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '#runtime/adapters/kafka/log-reader.ts'
import { toLogRecord } from '#runtime/adapters/kafka/to-log-record.ts'
import { RedisCircuitBreaker } from '#runtime/adapters/redis/circuit-breaker.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { StateReader } from '#runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import type { KeyedProcess } from '#runtime/consumer/process.ts'
import type { StateKey } from '#runtime/pipeline/model/partition-state.ts'
import type { StateStore } from '#runtime/pipeline/ports.ts'
import { KafkaPublisher } from '#runtime/producer/publisher.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { counting, RecordingObserver, Stage } from '../support/stage.ts'
import { ran } from '../unit/cli/terminal.ts'

const LENGTH = 60
const ENTITIES = 4

describe('sluice state, beside a consumer', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const store = new RedisStateStore(redis)
  const reader = new StateReader(redis)
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const publisher = new KafkaPublisher(kafka)
  const log = new KafkaLogReader(kafka)
  let environment: TestEnvironment
  let folder: string
  /** One partition's, as the broker has it. */
  let records: readonly LogRecord[]
  let topic: string
  let partition: number
  let consumers = 0

  before(async () => {
    environment = await TestEnvironment.create()
    folder = await mkdtemp(join(tmpdir(), 'sluice-state-'))
    topic = environment.topic('readings')
    for (let number = 0; number < LENGTH; number += 1) {
      const { value, headers } = writeEvent(reading(`${number}`, { sensor: `s-${number % ENTITIES}` }))
      await environment.client.send(topic, [{ key: 'one', value, headers: Object.fromEntries(headers) }])
    }
    records = (await environment.read('readings')).map(record => toLogRecord(topic, record.partition, record))
    partition = records[0]?.partition as number
  })

  after(async () => {
    redis.close()
    await Promise.all([publisher.close(), log.close(), environment?.close()])
    await rm(folder, { recursive: true, force: true })
  })

  /** Runs the command; its exit status must be this one. */
  async function sluice(args: readonly string[], status = 0): Promise<{ stdout: string; stderr: string }> {
    const ended = await ran(args, {
      folder,
      environment: {
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        SLUICE_ENV: environment.name,
      },
    })
    assert.equal(ended.status, status, ended.stderr)
    return ended
  }

  /** A consumer of its own name, which counts the readings of the log on Redis and Kafka. */
  function newConsumer() {
    const process = { ...counting, name: `counting-${environment.name}-${consumers++}` }
    const stateKey: StateKey = { consumer: process.name, topic, partition }
    const observer = new RecordingObserver()
    const published: string[] = []
    const recording = {
      publish: async (outgoing: Parameters<typeof publisher.publish>[0]) => {
        await publisher.publish(outgoing)
        for (const { headers } of outgoing)
          published.push(String(headers.find(([name]) => name === 'ce_id')?.[1]))
      },
    }
    const stageOf = (used: StateStore) => {
      const breaker = new RedisCircuitBreaker(redis, environment.name)
      const ports = { store: used, publisher: recording, log, breaker, observer }
      const stage = new Stage(process as KeyedProcess<never>, ports)
      stage.consumer = { ...stage.consumer, env: environment.name }
      return stage
    }
    return {
      name: process.name,
      observer,
      /** The ids of what was published, first copies in their order. */
      emitted: () => [...new Set(published)],
      /** Hands over the records from one offset up to another. */
      async batch(from: number, to: number, used: StateStore = store): Promise<void> {
        const batch = records.filter(({ offset }) => offset >= from && offset < to)
        assert.deepEqual(await stageOf(used).batch(batch), { batchItemFailures: [] })
      },
      /** Returns the result of an undisturbed reading of the whole log. */
      async reference() {
        const stage = new Stage(process as KeyedProcess<never>)
        stage.consumer = { ...stage.consumer, env: environment.name }
        await stage.batch(records)
        const states = Array.from({ length: ENTITIES }, async (_, index) => {
          const entity = `/environment/test-site s-${index}`
          const { states } = await stage.store.load(stateKey, {
            entities: [entity],
            ids: [],
            failures: [],
            idWindowMs: 0,
            span: { firstAppendMs: 0, advanceMs: 0 },
            timerLimit: 1,
            byteLimit: 1024,
          })
          return [entity, states.get(entity)] as const
        })
        return { states: new Map(await Promise.all(states)), emitted: stage.events.map(({ id }) => id) }
      },
      async states() {
        const states = new Map<string, string>()
        for await (const [entity, state] of reader.states(stateKey)) states.set(entity, state)
        return new Map([...states].sort())
      },
    }
  }

  it('given a partition that is dropped, then its log is read from the start, with the same end', async () => {
    const { name, batch, observer, emitted, states, reference } = newConsumer()
    await batch(0, 40)
    assert.deepEqual(observer.startsWithoutAppliedOffsetAt, [])
    const drop = ['state', 'drop', name, '--partition', String(partition)]
    const refused = await sluice(drop, 2)
    assert.match(refused.stderr, /Nothing was changed: .* add --yes/)
    await sluice([...drop, '--yes'])
    assert.deepEqual(await states(), new Map())
    await batch(40, LENGTH)
    assert.deepEqual(observer.startsWithoutAppliedOffsetAt, [0])
    const expected = await reference()
    assert.deepEqual(await states(), expected.states)
    assert.deepEqual(emitted(), expected.emitted)
  })
})
