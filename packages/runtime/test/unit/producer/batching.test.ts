import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import {
  type DeliveryReport,
  deliveryText,
  type ProducerConfig,
  TelemetryProducer,
} from '../../../producer/index.ts'
import { ManualClock, ScriptedBrokers, settled } from '../../support/scripted-brokers.ts'

const createEvent = (data: unknown) => new CloudEvent({ type: 'x', source: '/s', data })

function stage(config: Partial<ProducerConfig> = {}, partitions = 1) {
  const [brokers, clock, reports, warnings] = [
    new ScriptedBrokers(partitions),
    new ManualClock(),
    [],
    [],
  ] as [ScriptedBrokers, ManualClock, DeliveryReport[], string[]]
  const producer = new TelemetryProducer(
    {
      ...{
        kafka: { brokers: [], auth: 'none' },
        topic: 't',
        compression: 'none',
      },
      onDelivery: report => reports.push(report),
      warn: line => warnings.push(line),
      ...config,
    },
    { brokers, clock },
  )
  const enqueue = async (count: number, size = 1) => {
    for (let n = 0; n < count; n++) await producer.enqueue(createEvent('x'.repeat(size)), { key: 'k' })
  }
  /** One event reaches the brokers, so that the partitions and the identity are known. */
  const begin = async () => {
    brokers.isAnswering = true
    await enqueue(1)
    await clock.pass(2_000)
    brokers.isAnswering = false
    brokers.sent.length = 0
    reports.length = 0
  }
  return { producer, brokers, clock, reports, warnings, enqueue, begin }
}

const counts = ({ sent }: ScriptedBrokers) => sent.map(({ batches }) => batches.map(({ count }) => count))
const sequences = ({ sent }: ScriptedBrokers) =>
  sent.map(({ batches: [batch] }) => [batch?.producerEpoch, batch?.firstSequence, batch?.count])

describe('batches', () => {
  it('given fewer than a batch, when the linger time has passed, then they are sent', async () => {
    const { brokers, clock, enqueue, begin } = stage({ profile: 'high-throughput' })
    await begin()
    await enqueue(999)
    await clock.pass(999)
    assert.deepEqual(counts(brokers), [])
    await clock.pass(1)
    assert.deepEqual(counts(brokers), [[999]])
  })

  it('given as many records as the profile has, over all partitions, then they are sent at once', async () => {
    const { producer, brokers, begin } = stage({ profile: 'low-latency' }, 2)
    await begin()
    for (let n = 0; n < 10; n++) await producer.enqueue(createEvent(n), { key: null })
    await settled()
    assert.deepEqual(counts(brokers), [[5, 5]])
  })

  it('given as many bytes as the profile has, then a full batch is sent, and the rest waits', async () => {
    const { brokers, clock, enqueue, begin } = stage({ profile: 'balanced' })
    await begin()
    await enqueue(4, 5_000)
    await settled()
    assert.deepEqual(counts(brokers), [[3]])
    brokers.sent[0]?.acknowledge()
    await clock.pass(100)
    assert.deepEqual(counts(brokers), [[3], [1]])
  })

  it('given five requests in flight, then the sixth waits; if idempotent, the second of a partition', async () => {
    for (const [profile, most] of [
      ['plain', 5],
      ['balanced', 1],
    ] as const) {
      const { brokers, enqueue, begin } = stage({ profile, batchRecords: 1 })
      await begin()
      await enqueue(8)
      await settled()
      assert.equal(brokers.sent.length, most, profile)
      brokers.sent[0]?.acknowledge()
      await settled()
      assert.equal(brokers.sent.length, most + 1, profile)
    }
  })

  it('given an acknowledgement, then each event has its report, and the metrics count it', async () => {
    const { producer, brokers, reports, begin, clock } = stage({ profile: 'plain' })
    await begin()
    const events = [createEvent(1), createEvent(2)]
    const both = Promise.all(events.map(event => producer.publish(event, { key: 'k' })))
    await clock.pass(10)
    brokers.sent[0]?.acknowledge(41)
    assert.deepEqual(
      (await both).map(({ offset }) => offset),
      [41, 42],
    )
    assert.deepEqual(reports.map(deliveryText), ['Delivered to t [0] @ 41', 'Delivered to t [0] @ 42'])
    const { messages_sent, errors, retries } = producer.metrics()
    assert.deepEqual({ messages_sent, errors, retries }, { messages_sent: 3, errors: 0, retries: 0 })
  })

  it('given batches sent again, then their bytes count once, and their time from the first attempt', async () => {
    const { producer, brokers, enqueue, clock } = stage({ profile: 'plain' })
    await enqueue(1, 1_000)
    await clock.pass(10)
    assert.deepEqual(producer.metrics().latency_ms, { p50: 0, p99: 0 })
    await clock.pass(20)
    brokers.sent[0]?.refuse(19)
    await clock.pass(100)
    brokers.sent[1]?.acknowledge()
    await enqueue(1, 5_000)
    await clock.pass(10)
    await clock.pass(7)
    brokers.sent[2]?.acknowledge()
    await settled()
    const [small = 0, large = 0] = brokers.sent.slice(1).map(sent => sent.request.batches[0]?.bytes.length)
    assert.ok(small > 1_000 && large > 5_000, `${small} and ${large} bytes`)
    assert.deepEqual(producer.metrics(), {
      messages_sent: 2,
      bytes_sent: small + large,
      errors: 0,
      retries: 1,
      latency_ms: { p50: 7, p99: 130 },
    })
  })

  it('given compression, then the bytes are those that were sent', async () => {
    const { producer, brokers } = stage({ profile: 'plain', compression: 'gzip' })
    brokers.isAnswering = true
    await producer.publish(createEvent('x'.repeat(50_000)))
    const { bytes_sent } = producer.metrics()
    assert.equal(bytes_sent, brokers.sent[0]?.request.batches[0]?.bytes.length)
    assert.ok(bytes_sent < 5_000, `${bytes_sent}`)
  })

  // Promise docs/producer.md#publishing-events-from-your-own-code
  it('given more than the buffer holds, then enqueue waits, and without waiting it is refused', async () => {
    const { producer, brokers, enqueue, begin } = stage({
      profile: 'plain',
      bufferBytes: 10_000,
      batchRecords: 1,
    })
    await begin()
    let isDone = false
    const all = enqueue(20, 1_000).then(() => {
      isDone = true
    })
    await settled()
    assert.equal(isDone, false)
    const refused = Array.from({ length: 20 }, () => producer.enqueue(createEvent('x'.repeat(1_000))))
    const outcomes = await Promise.allSettled(refused.slice(-1))
    assert.match(
      String(outcomes.map(outcome => 'reason' in outcome && outcome.reason)),
      /^DeliveryFailed: \d+ bytes are not acknowledged/,
    )
    brokers.isAnswering = true
    for (const { acknowledge } of brokers.sent) acknowledge()
    await all
    await Promise.allSettled(refused)
  })
})

describe('errors', () => {
  // Promise docs/producer.md#each-record-once-and-in-order | With idempotence a lost answer repeats and reorders nothing.
  it('given a lost answer, when it is idempotent, then the same sequence is sent before anything else', async () => {
    const { brokers, clock, enqueue, begin } = stage({ profile: 'balanced', batchRecords: 2 })
    await begin()
    await enqueue(4)
    await settled()
    brokers.sent[0]?.lose()
    await clock.pass(100)
    brokers.sent[1]?.acknowledge()
    await settled()
    assert.deepEqual(sequences(brokers), [
      [0, 1, 2],
      [0, 1, 2],
      [0, 3, 2],
    ])
  })

  it('given a batch that is given up, then its partition continues in another epoch, from 0', async () => {
    const { brokers, clock, reports, enqueue, begin } = stage({ profile: 'balanced', deliveryTimeoutMs: 500 })
    await begin()
    await enqueue(1)
    await clock.pass(100)
    brokers.sent[0]?.lose()
    await clock.pass(50)
    for (let n = 1; n < 10; n++) {
      brokers.sent.at(-1)?.lose()
      await clock.pass(60)
    }
    assert.deepEqual(reports.map(deliveryText), [
      'Delivery failed: Kafka did not take it: Closed connection (t [0])',
    ])
    const before = brokers.sent.length
    await enqueue(1)
    await clock.pass(100)
    assert.deepEqual(sequences(brokers).slice(before), [[1, 0, 1]])
  })

  it('given a broker that has forgotten the producer, then a first attempt starts over', async () => {
    const { brokers, clock, reports, enqueue, begin } = stage({ profile: 'balanced' })
    await begin()
    await enqueue(1)
    await clock.pass(100)
    brokers.sent[0]?.refuse(59)
    await clock.pass(100)
    brokers.sent[1]?.acknowledge(5)
    await settled()
    assert.deepEqual(sequences(brokers), [
      [0, 1, 1],
      [1, 0, 1],
    ])
    assert.deepEqual(reports.map(deliveryText), ['Delivered to t [0] @ 5'])
  })

  it('given an error that passes, then it is retried as often as the profile says, and reported', async () => {
    const { brokers, clock, reports, enqueue, begin } = stage({ profile: 'high-durability' })
    await begin()
    await enqueue(1)
    await clock.pass(10)
    for (let n = 0; n < 10; n++) {
      brokers.sent[n]?.refuse(19)
      await clock.pass(1_000)
    }
    assert.equal(brokers.sent.length, 4)
    assert.deepEqual(reports.map(deliveryText), [
      'Delivery failed: Kafka did not take it: NOT_ENOUGH_REPLICAS for t [0]',
    ])
  })

  it('given no answer, when it is flushed, then it waits 30 seconds at most and says how many are left', async () => {
    const { producer, clock, warnings, enqueue, begin } = stage({ profile: 'balanced' })
    await begin()
    await enqueue(3)
    const flushed = producer.flush(90_000)
    await clock.pass(30_000)
    assert.equal(await flushed, 3)
    const closed = producer.close()
    await clock.pass(30_000)
    assert.equal(await closed, 3)
    assert.deepEqual(warnings, ['Warning: 3 messages not delivered', 'Warning: 3 messages not delivered'])
    await assert.rejects(producer.enqueue(createEvent(1)), { code: 'closed' })
  })
})
