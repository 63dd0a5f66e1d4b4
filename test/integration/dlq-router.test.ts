/** Failures on their way into the retry topics and to the dead letters, on real servers. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { schemaViolation } from '../../lib/app/schemas.ts'
import { type Signal, signalNamed } from '../../lib/app/topics.ts'
import { FAILURE_TYPE } from '../../lib/failures/event-types.ts'
import { DEFAULT_POLICY } from '../../lib/failures/policy.ts'
import { type DeadLetter, failureRouter, type Retry } from '../../lib/failures/process.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { rejected } from '../../packages/runtime/consumer/process.ts'
import { type Delivered, delivered, retry, type Sink } from '../../packages/runtime/consumer/sink.ts'
import { KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { FAILURE } from '../unit/failures/failure.ts'

const SAMPLE = readFileSync(new URL('../unit/failures/samples/kafka.json', import.meta.url))
/** Where each event ends: its id says how the sink answers. */
const ENDS: Readonly<Record<string, Signal>> = {
  later: 'retry-1m',
  bug: 'retry-10m',
  never: 'dlq',
  invalid: 'dlq',
}

describe('the router on real servers', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
  })
  after(async () => {
    redis.close()
    await Promise.all([publisher.close(), environment?.close()])
  })

  /** Hands everything that is in a topic to a consumer, which keeps its state and publishes on the real servers. */
  async function consumed(process: unknown, signal: Signal, failuresTo: Signal): Promise<Stage> {
    const topic = environment.topic(signal)
    const stage = new Stage(process as never, { store: new RedisStateStore(redis), publisher })
    stage.consumer = { ...stage.consumer, env: environment.name, failuresTo }
    const records = (await environment.read(signal)).map(record =>
      logRecordOf(topic, record.partition, record),
    )
    const late = { nowMs: () => 0 }
    assert.deepEqual(await stage.batch(records, late), { batchItemFailures: [] })
    return stage
  }

  const routed = () => {
    const topicOf = (topic: string) => signalNamed(topic, environment.name)
    return consumed(failureRouter({ policy: DEFAULT_POLICY, topicOf }), 'failures', 'dlq')
  }

  /** The events of a topic with the place of each. */
  async function eventsIn<Data>(signal: Signal) {
    return (await environment.read(signal)).map(record => {
      const { partition } = record
      const event = readEvent(logRecordOf(environment.topic(signal), partition, record))
      assert.ok(!isFailure(event), 'only events are written')
      if (!READING_TYPES.includes(event.type))
        assert.equal(schemaViolation(event.type, event.data), undefined)
      return { partition, key: record.key, event: event as Event<Data> }
    })
  }

  it('given records that fail in each class, then each is where its class sends it, byte for byte', async () => {
    const sent = Object.keys(ENDS).map(id => {
      const event = reading(id, { sensor: `s-${id}` })
      const made = writeEvent(id === 'invalid' ? { ...event, data: { odd: 1 } } : event)
      const headers = [...made.headers, ['extra', Buffer.from([0, 255])] as const]
      return { id, key: `s-${id}`, value: made.value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), sent)
    await consumed(failing, 'readings', 'failures')
    assert.deepEqual(
      new Set((await routed()).outcomes),
      new Set(['applied/retry-1m', 'applied/retry-10m', 'applied/not-retried']),
    )
    const ends = [...new Set(Object.values(ENDS))]
    for (const signal of ends) {
      const found = await eventsIn<Retry | DeadLetter>(signal)
      const expected = sent.filter(({ id }) => ENDS[id] === signal)
      assert.deepEqual(
        found.map(({ event }) => event.data?.originalKey).sort(),
        expected.map(({ key }) => base64(key)).sort(),
      )
      for (const { key, event } of found) {
        const one = expected.find(({ key: of }) => base64(of) === event.data?.originalKey)
        assert.equal(String(key), one?.key)
        assert.equal(event.data?.originalValue, base64(one?.value))
        const headers = event.data?.originalHeaders.map(({ name, value }) => [name, value])
        const written = Object.entries(one?.headers ?? {}).map(([name, value]) => [name, base64(value)])
        assert.deepEqual(headers?.sort(), written.sort())
      }
    }
    assert.deepEqual(await environment.read('retry-1h'), [])
  })

  it('given a failure for which events wait, then its end is in exactly their partition', async () => {
    const originalTopic = environment.topic('readings')
    // Kafka's partitioner would put this key elsewhere, and the topic does not have the last partition.
    const partitions = [3, 4, 5, 99]
    await sendFailures(
      partitions.map(originalPartition => ({ ...FAILURE, originalTopic, originalPartition, parks: true })),
    )
    const before = (await environment.read('readings')).length
    await routed()
    const ended = (await eventsIn<{ consumer: string }>('readings')).filter(({ event }) =>
      /ended/.test(event.type),
    )
    assert.deepEqual(ended.map(({ partition }) => partition).sort(), [3, 4, 5])
    assert.equal((await environment.read('readings')).length, before + 3)
    const instead = (await eventsIn<FailureData>('dlq')).filter(({ event }) => event.type === FAILURE_TYPE)
    assert.deepEqual(
      instead.map(({ event }) => event.data?.errorType),
      ['emission-refused'],
    )
  })

  it('given records of Lambda, and others that are not events, then both are in the dlq and stay there', async () => {
    const failures = (await environment.read('failures')).length
    const topic = environment.topic('failures')
    await environment.client.send(topic, [
      { key: 'a', value: SAMPLE },
      { key: 'b', value: 'no event' },
    ])
    await routed()
    const letters = (await eventsIn<DeadLetter>('dlq')).map(({ event }) => event.data)
    const lambdas = letters.filter(data => data?.errorType === 'lambda-discarded')
    assert.deepEqual(
      lambdas.map(data => [data?.originalTopic, data?.originalOffset]),
      [['my-topic', 100]],
    )
    const own = letters.filter(
      data => data?.consumer === 'dlq-router' && data.errorType === 'not-a-cloudevent',
    )
    assert.deepEqual(
      own.map(data => data?.originalValue),
      [base64('no event')],
    )
    assert.equal((await environment.read('failures')).length, failures + 2)
  })

  async function sendFailures(failures: readonly FailureData[]): Promise<void> {
    const messages = failures.map((data, index) => {
      const { value, headers } = writeEvent({
        id: `f-${index}`,
        source: '/consumers/alerting',
        type: FAILURE_TYPE,
        time: data.failedAt,
        datacontenttype: 'application/json',
        data,
      })
      return {
        key: Buffer.from(data.originalKey ?? '', 'base64'),
        value,
        headers: Object.fromEntries(headers),
      }
    })
    await environment.client.send(environment.topic('failures'), messages)
  }
})

const failing: Sink = {
  name: 'failing',
  accepts: READING_TYPES,
  async deliver([delivery]): Promise<readonly Delivered[]> {
    const id = delivery?.event.id
    if (id === 'bug') throw new TypeError('a bug')
    if (id === 'never') return [rejected('no')]
    return [id === 'later' ? retry('busy') : delivered('taken')]
  },
}

function base64(bytes: string | Buffer | null | undefined): string {
  return Buffer.from(bytes ?? '').toString('base64')
}
