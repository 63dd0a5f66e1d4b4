import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Context } from 'aws-lambda'
import { APPLICATION } from '../../lib/app/application.ts'
import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { redriverIn } from '../../lib/app/redriver.ts'
import { GENERAL } from '../../lib/app/settings/index.ts'
import { RETRY_TOPICS, type Signal, signalNamed } from '../../lib/app/topics.ts'
import type { FailurePolicy } from '../../lib/failures/policy.ts'
import { type DeadLetter, failureRouter } from '../../lib/failures/process.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { redriveTargetOf } from '../../packages/runtime/cloudevents/redrive.ts'
import { RetryableError } from '../../packages/runtime/consumer/author-errors.ts'
import { type FailureData, failureId } from '../../packages/runtime/consumer/failure-event.ts'
import { decided, type KeyedProcess, rejected } from '../../packages/runtime/consumer/process.ts'
import { delivered, retry, type Sink } from '../../packages/runtime/consumer/sink.ts'
import { forwarderHandler } from '../../packages/runtime/lambda/forwarder-handler.ts'
import type { KafkaRecord } from '../ledger/kafka/records.ts'
import { CONTEXT, DeliveredLog } from '../support/delivered-log.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { until } from '../support/until.ts'
import { writtenMessage } from '../support/written-message.ts'

/** Short, so that retries become due while the test runs. */
const DELAYS_MS = { 'retry-1m': 400, 'retry-10m': 800, 'retry-1h': 1_200 } as const
const POLICY: FailurePolicy = {
  maxAgeMs: 24 * 3_600_000,
  classes: { retryable: ['1m', '10m', '1h'], unexpected: ['1m', '10m'], permanent: [], unknown: [] },
  codes: {},
  consumers: {},
}
/**
 * Too little is left for the seconds that a receiver is given before it is asked again: what it does not accept waits for the next batch,
 * where it comes first, and has failed then.
 */
const SHORT = { getRemainingTimeInMillis: () => 4_500 } as Context
/** Enough that a few failures do not look like a bad deployment. */
const GOOD = Array.from({ length: 20 }, (_, at) => `good-${at}`)
const FAILING = ['permanent', 'unexpected', 'recovers', 'refused', 'accepted-later']

describe('failures that come back, on Kafka and Redis', () => {
  const variables = { ...process.env }
  /** How often each id was applied or delivered, by consumer. */
  const applied = new Map<string, number>()
  const attempts = new Map<string, number>()
  let isAway = true
  let environment: TestEnvironment
  let log: DeliveredLog

  const count = (counts: Map<string, number>, name: string) => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts.get(name) ?? 0
  }

  const shaky: KeyedProcess<{ ids: string[] }> = {
    name: 'shaky',
    accepts: READING_TYPES,
    onEvent(state, { id }) {
      if (id === 'permanent') return rejected('never')
      if (id === 'unexpected' || (id === 'recovers' && count(attempts, id) < 3)) throw new TypeError('a bug')
      count(applied, `shaky ${id}`)
      return decided('kept', { ids: [...(state?.ids ?? []), id] })
    },
  }
  const calling: Sink = {
    name: 'calling',
    accepts: READING_TYPES,
    async deliver(deliveries) {
      if (isAway && deliveries.some(({ event }) => event.id === 'away')) throw new RetryableError('away')
      return deliveries.map(({ event: { id } }) => {
        if (id === 'refused' || (id === 'accepted-later' && !isAccepting)) return retry('not now')
        count(applied, `calling ${id}`)
        return delivered('called')
      })
    },
  }
  const bystander: KeyedProcess<{ ids: string[] }> = {
    name: 'bystander',
    accepts: READING_TYPES,
    onEvent(_, { id }) {
      count(applied, `bystander ${id}`)
      return decided('seen', undefined)
    },
  }
  let isAccepting = false

  /** Each handler is used once: it closes its connections, so that the test can end. */
  const readers = {
    shaky: () => kafkaConsumer('shaky', shaky),
    calling: () => kafkaConsumer('calling', calling),
    bystander: () => kafkaConsumer('bystander', bystander),
  }
  const router = () =>
    kafkaConsumer(
      'dlq-router',
      ({ env }) => failureRouter({ policy: POLICY, topicOf: topic => signalNamed(topic, env) }),
      { slices: [GENERAL], failuresTo: 'dlq' },
    )
  const redriver = () =>
    forwarderHandler(APPLICATION, 'redriver', ({ env }) => redriverIn(env, signal => DELAYS_MS[signal]), {
      failuresTo: 'dlq',
    })

  before(async () => {
    environment = await TestEnvironment.create()
    log = new DeliveredLog(brokers())
    Object.assign(process.env, {
      SLUICE_ENV: environment.name,
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      IS_LOCAL: 'true',
    })
  })

  after(async () => {
    process.env = variables
    await log.close()
    await environment.close()
  })

  const read = (signal: Signal) => log.read(environment.topic(signal))
  const dataIn = async <T>(signal: Signal) =>
    (await read(signal)).map(({ value }) => JSON.parse(String(value)) as T)

  /** One round of everything that runs in an environment. @returns the consumers that left nothing in Kafka */
  async function round(): Promise<string[]> {
    const done: string[] = []
    for (const [name, make] of Object.entries(readers))
      if (await log.deliver(environment.topic('readings'), name, make, SHORT)) done.push(name)
    await log.deliver(environment.topic('failures'), 'dlq-router', router)
    await redriver()({ time: new Date().toISOString() } as never, CONTEXT)
    return done
  }

  const letters = () => dataIn<DeadLetter>('dlq')
  const ofRecord = (id: string) => (failure: FailureData) =>
    String(Buffer.from(failure.originalKey ?? '', 'base64')) === `s-${id}`

  it('given a failure of each class, then some come back, and the others become dead letters', async () => {
    const all = [...GOOD, ...FAILING, 'away']
    const messages = all.map((id, at) => {
      const message = writtenMessage(reading(id, { sensor: `s-${id}` }))
      // Records that wait for the receiver must not delay the others.
      const partition = id === 'away' ? 11 : at % 11
      return { ...message, partition, headers: { ...message.headers, twice: ['a', 'b'] } }
    })
    await environment.client.send(environment.topic('readings'), messages)
    const sent = new Map((await read('readings')).map(record => [String(record.key), record]))

    await until('all retries to be exhausted, but the last of one', async () => {
      await round()
      isAccepting ||= (await dataIn<FailureData>('failures')).filter(ofRecord('accepted-later')).length >= 2
      return (await letters()).length === 3
    })
    // The receiver that is away: its record is in Kafka, and nothing says that it failed.
    assert.ok(!(await round()).includes('calling'))
    assert.equal(applied.get('calling away'), undefined)
    isAway = false
    await until('everything is taken', async () => (await round()).length === 3)
    await round()

    const dead = await letters()
    assert.deepEqual(dead.map(({ consumer, errorType, attempt }) => [consumer, errorType, attempt]).sort(), [
      ['calling', 'not-accepted', 4],
      ['shaky', 'rejected', 1],
      ['shaky', 'unexpected-error', 3],
    ])
    for (const letter of dead) {
      const original = sent.get(String(Buffer.from(letter.originalKey ?? '', 'base64'))) as KafkaRecord
      assert.deepEqual(
        [letter.originalPartition, letter.originalOffset, letter.originalTimestamp],
        [original.partition, original.offset, original.timestampMs],
      )
      assert.equal(letter.originalValue, original.value?.toString('base64'))
      assert.deepEqual(
        letter.originalHeaders,
        original.headers.map(([name, value]) => ({ name, value: value.toString('base64') })),
      )
      assert.deepEqual(
        letter.history.map(({ attempt }) => attempt),
        Array.from({ length: letter.attempt - 1 }, (_, at) => at + 1),
      )
    }
  })

  it('given these failures, then the counts add up at each stage', async () => {
    const failures = await dataIn<FailureData>('failures')
    const waited = (await Promise.all(RETRY_TOPICS.map(signal => read(signal)))).map(({ length }) => length)
    // permanent 1, unexpected 3, recovers 2, refused 4, accepted-later 2
    assert.equal(failures.length, 12)
    assert.deepEqual(waited, [4, 4, 1])
    assert.equal(failures.length, waited.reduce((sum, one) => sum + one) + (await letters()).length)
    const back = (await read('readings')).filter(record => redriveTargetOf(record) !== undefined)
    assert.equal(back.length, 9)
  })

  it('given those that came back, then each was applied once, by the consumer that failed alone', async () => {
    const wanted = {
      ...Object.fromEntries(
        [...GOOD, ...FAILING, 'away'].flatMap(id => [
          [`bystander ${id}`, 1],
          ...(id === 'permanent' || id === 'unexpected' ? [] : [[`shaky ${id}`, 1]]),
          ...(id === 'refused' ? [] : [[`calling ${id}`, 1]]),
        ]),
      ),
    }
    assert.deepEqual(
      Object.fromEntries([...applied].sort()),
      Object.fromEntries(Object.entries(wanted).sort()),
    )
  })

  it('given the times of the broker, then none came back before its delay', async () => {
    const backAt = new Map<string, KafkaRecord>()
    for (const record of await read('readings')) {
      const target = redriveTargetOf(record)
      if (target) backAt.set(`${target.failure} ${target.attempt}`, record)
    }
    let looked = 0
    for (const signal of RETRY_TOPICS)
      for (const record of await read(signal)) {
        const { consumer, attempt, ...original } = JSON.parse(String(record.value)) as FailureData
        const { originalTopic: topic, originalPartition: partition, originalOffset: offset } = original
        const back = backAt.get(`${failureId(consumer, { topic, partition, offset })} ${attempt + 1}`)
        const waitedMs = (back?.timestampMs ?? 0) - record.timestampMs
        assert.ok(waitedMs >= DELAYS_MS[signal], `${signal}: ${waitedMs} ms`)
        assert.equal(back?.partition, partition)
        looked += 1
      }
    assert.equal(looked, 9)
  })
})
