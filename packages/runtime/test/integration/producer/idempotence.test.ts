/** A broker that has written a batch, and whose answer is lost: what a retry does to the log. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { ForeignClient } from '@sluice/test-kit/foreign-client'
import { type ConnectionFault, type KafkaFront, startKafkaFront } from '@sluice/test-kit/kafka-front'
import { brokers } from '@sluice/test-kit/servers'
import { CloudEvent } from 'cloudevents'
import { ProducerConnection } from '../../../adapters/kafka/producer-connection.ts'
import { type ProducerSettings, TelemetryProducer } from '../../../producer/index.ts'

const EVENTS = 600
const SUBJECTS = ['a', 'b', 'c', 'd', 'e']
/** Each fault comes several times, also to a request that is itself a retry. */
const FATES: readonly ConnectionFault[] = [
  'pass',
  'swallow',
  'pass',
  'cut',
  'cut',
  'pass',
  'late',
  'pass',
  'swallow',
  'late',
]
const MAX_FAULTS = 14

describe('a producer whose acknowledgements are lost', () => {
  let foreign: ForeignClient

  before(async () => {
    foreign = await ForeignClient.connect()
  })

  after(async () => {
    await foreign?.close()
  })

  /** The numbers of each subject, as they are in the log. */
  async function publishedBehindFront(
    settings: Partial<ProducerSettings>,
  ): Promise<[Map<string, number[]>, KafkaFront]> {
    const topic = `lost-answers-${randomUUID()}`
    await foreign.createTopic({ topic, numPartitions: 3 })
    let faults = 0
    let at = 0
    const front = await startKafkaFront(brokers(), () => {
      const fate = faults < MAX_FAULTS ? (FATES[at++ % FATES.length] as ConnectionFault) : 'pass'
      if (fate !== 'pass') faults++
      return fate
    })
    const producer = new TelemetryProducer(
      {
        ...{ kafka: { brokers: brokers(), auth: 'none' }, topic, profile: 'balanced' },
        ...{ batchRecords: 20, lingerMs: 5, retryBackoffMs: 20, requestTimeoutMs: 1_000, ...settings },
      },
      { brokers: new ProducerConnection(async () => front.kafka) },
    )
    try {
      for (let number = 0; number < EVENTS; number++)
        for (const subject of SUBJECTS)
          await producer.enqueue(
            new CloudEvent({ type: 'com.example.counted', source: '/test', subject, data: number }),
          )
      assert.equal(await producer.close(), 0)
    } finally {
      await front.stop()
    }
    const numbers = new Map<string, number[]>(SUBJECTS.map(subject => [subject, []]))
    for (const { key, value } of await foreign.read(topic)) numbers.get(String(key))?.push(Number(value))
    return [numbers, front]
  }

  // Promise docs/producer.md#each-record-once-and-in-order
  it('given idempotence, when answers are lost and requests arrive late, then each is there once, in order', async () => {
    const [numbers, { met }] = await publishedBehindFront({ idempotent: true })
    assert.ok(met.swallow >= 2 && met.cut >= 2 && met.late >= 2, JSON.stringify(met))
    const expected = Array.from({ length: EVENTS }, (_, number) => number)
    for (const [subject, found] of numbers) assert.deepEqual(found, expected, subject)
  })

  it('given none, when the same is lost, then records are repeated: the test would see it', async () => {
    const [numbers, { met }] = await publishedBehindFront({ idempotent: false, retries: 100 })
    assert.ok(met.swallow + met.cut + met.late > 0, JSON.stringify(met))
    const found = [...numbers.values()]
    assert.ok(
      found.some(all => all.length > EVENTS),
      'nothing was repeated',
    )
    for (const all of found) assert.equal(new Set(all).size, EVENTS, 'something is missing')
  })
})
