import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { APPLICATION } from '../../lib/app/application.ts'
import { redrivenRecord } from '../../lib/failures/redriven-record.ts'
import { partitionStates } from '../../lib/queries/partition-states.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { RedisCircuitBreaker } from '../../packages/runtime/adapters/redis/circuit-breaker.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../packages/runtime/adapters/redis/inspection.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { producedRecord } from '../../packages/runtime/cloudevents/writer.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { decided, type KeyedProcess } from '../../packages/runtime/consumer/process.ts'
import { consume } from '../../packages/runtime/pipeline/consume.ts'
import { CONSUMER_DEFAULTS } from '../../packages/runtime/pipeline/consumer.ts'
import { LatestDecisions } from '../../packages/runtime/pipeline/failures/failure-surge.ts'
import { LogChecks } from '../../packages/runtime/pipeline/log/log-identity.ts'
import { KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import { NOTHING_WANTED } from '../../packages/runtime/testing/wanted.ts'
import { TestEnvironment } from '../support/environment.ts'
import { kafkaEvent, environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { RecordingObserver } from '../support/stage.ts'

const INVOCATION = {
  remainingMs: () => 60_000,
  partialResponses: true,
  nowMs: Date.now,
  pause: async () => {},
  codeVersion: () => 'test',
}

describe('an entity that is held, on Kafka and Redis', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const [publisher, log] = [new KafkaPublisher(kafka), new KafkaLogReader(kafka)]
  const store = new RedisStateStore(redis)
  const broken = new Set<string>()
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(async () => {
    await environment?.close()
    await Promise.all([publisher.close(), log.close()])
    redis.close()
  })

  const process: KeyedProcess<readonly string[]> = {
    name: 'listing',
    accepts: READING_TYPES,
    parking: {},
    onEvent(ids = [], { id, entity }) {
      if (broken.has(id)) throw new Error('not yet')
      const data = { ids: [...ids, id] }
      const emission = {
        name: 'seen',
        to: 'events',
        key: entity,
        type: 'test.seen',
        source: '/listing',
        data,
      } as const
      return decided('listed', data.ids, [emission])
    },
  }

  const stateKey = () => ({ consumer: process.name, topic: environment.topic('readings'), partition: 0 })

  async function send(...ids: readonly string[]): Promise<void> {
    const records = ids.map(id => producedRecord(stateKey().topic, 's-1', reading(id)))
    await publisher.publish(records.map(record => ({ ...record, partition: 0 })))
  }

  /** Lets a consumer, started anew, decide what is in the log. */
  async function run(): Promise<string[]> {
    const { topic, partition } = stateKey()
    const { appliedOffset } = (await store.load(stateKey(), NOTHING_WANTED)).version
    const toOffset = ((await environment.client.ends(topic))[partition] as number) - 1
    const { records } = await log.read(topic, partition, { fromOffset: appliedOffset + 1, toOffset })
    const observer = new RecordingObserver()
    const breaker = new RedisCircuitBreaker(redis, environment.name)
    const consumer = {
      ...CONSUMER_DEFAULTS,
      process: process as KeyedProcess<unknown> as never,
      application: APPLICATION,
      failuresTo: APPLICATION.failuresTopic,
      env: environment.name,
    }
    const invocation = { ...INVOCATION, latest: new LatestDecisions(), logChecks: new LogChecks() }
    const answer = await consume(
      consumer,
      { store, publisher, log, breaker, observer },
      kafkaEvent(records),
      invocation,
    )
    assert.deepEqual(answer, { batchItemFailures: [] })
    return observer.decisions.map(({ outcome, reason }) => `${outcome}/${reason}`)
  }

  async function told(signal: 'events' | 'failures'): Promise<unknown[]> {
    const records = await environment.read(signal)
    return records.map(({ value }) => JSON.parse(String(value)))
  }

  async function holds() {
    const [state] = await partitionStates(new StateInspection(redis), [stateKey()])
    return { entities: state?.entities, held: state?.held, parked: state?.parked }
  }

  it('given an event that fails once, when it is redriven, then its entity sees all in the first order', async () => {
    broken.add('b')
    await send('a', 'b', 'c')
    assert.deepEqual(await run(), ['applied/listed', 'failed/unexpected-error', 'parked/entity-held'])
    await send('d')
    assert.deepEqual(await run(), ['parked/entity-held'])
    assert.deepEqual(await holds(), { entities: 1, held: 1, parked: 2 })
    const [failure] = (await told('failures')) as FailureData[]
    assert.equal(failure?.parks, true)

    broken.clear()
    await publisher.publish([redrivenRecord(failure as FailureData)])
    assert.deepEqual(await run(), ['applied/listed'])
    await send('e')
    assert.deepEqual(await run(), ['parked-applied/listed', 'parked-applied/listed', 'applied/listed'])
    assert.deepEqual(await holds(), { entities: 1, held: 0, parked: 0 })
    const seen = (await told('events')) as { readonly ids: readonly string[] }[]
    assert.deepEqual(
      seen.map(({ ids }) => ids.join('')),
      ['a', 'ab', 'abc', 'abcd', 'abcde'],
    )
  })
})
