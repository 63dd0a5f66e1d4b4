/** Questions to an environment of which the answers are known, on real servers. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import kafkajs from 'kafkajs'
import { alerting } from '../../lib/alerting/process.ts'
import { statistics } from '../../lib/analytics/process.ts'
import { kafkaTopics, replicationOn, SIGNALS, topicSize } from '../../lib/app/topics.ts'
import { DEFAULT_POLICY } from '../../lib/failures/policy.ts'
import { failureRouter } from '../../lib/failures/process.ts'
import { activeAlerts, publishedAlerts } from '../../lib/queries/alerts.ts'
import { findDeadLetter, listDeadLetters } from '../../lib/queries/dead-letters.ts'
import { entityStates } from '../../lib/queries/entities.ts'
import { consumerGroups } from '../../lib/queries/groups.ts'
import { consumerLags, withAges } from '../../lib/queries/lag.ts'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import {
  listPartitionStates,
  partitionStates,
  partitionsOf,
  topicsRemembered,
} from '../../lib/queries/partition-states.ts'
import { rangesOf, readRecords } from '../../lib/queries/records.ts'
import { entityStatistics, statisticsOf } from '../../lib/queries/statistics.ts'
import { topicBounds, topicReach, topicsByTable } from '../../lib/queries/topics.ts'
import { kafkaClient } from '../../lib/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../lib/runtime/adapters/kafka/log-reader.ts'
import { logRecordOf } from '../../lib/runtime/adapters/kafka/messages.ts'
import { TopicOffsets } from '../../lib/runtime/adapters/kafka/offsets.ts'
import { KafkaPublisher, UnknownTopic } from '../../lib/runtime/adapters/kafka/publisher.ts'
import { RedisClient } from '../../lib/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../lib/runtime/adapters/redis/inspection.ts'
import { StateList } from '../../lib/runtime/adapters/redis/state-list.ts'
import { RedisStateStore } from '../../lib/runtime/adapters/redis/state-store.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import type { KeyedProcess } from '../../lib/runtime/consumer/process.ts'
import { Unavailable } from '../../lib/runtime/pipeline/errors.ts'
import { createTopic } from '../support/create-topic.ts'
import { TestEnvironment } from '../support/environment.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { ruleOf } from '../unit/alerting/support.ts'

const HOT = ruleOf({ name: 'HOT', fireAbove: 40, summary: 'hot' })
const ROOF = '/environment/test-site roof-1'

describe('questions to a running environment', { timeout: 120_000 }, () => {
  const redis = new RedisClient({ url: redisUrl() })
  const inspection = new StateInspection(redis)
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const offsets = new TopicOffsets(kafka)
  const log = new KafkaLogReader(kafka)
  const publisher = new KafkaPublisher(kafka)
  const foreign = new kafkajs.Kafka({ brokers: brokers(), logLevel: kafkajs.logLevel.NOTHING })
  const admin = foreign.admin()
  let environment: TestEnvironment
  let readings: ReturnType<typeof topicSize>

  before(async () => {
    await admin.connect()
    environment = await TestEnvironment.create()
    readings = topicSize('readings', environment.name)
    const sent = [reading('1', { sensor: 'roof-1' }), reading('2', { sensor: 'roof-1', temperature: 45 })]
    for (const event of [...sent, reading('3', { sensor: 'roof-10', temperature: 10 })]) {
      const { value, headers } = writeEvent(event)
      const message = { key: 'one', value, headers: Object.fromEntries(headers) }
      await environment.client.send(readings.topic, [message])
    }
    await environment.client.send(readings.topic, [{ key: 'one', value: 'not an event' }])
    await consumed(statistics, 'readings')
    await consumed(alerting([HOT]), 'readings')
    await consumed(failureRouter({ policy: DEFAULT_POLICY, topicOf: () => undefined }), 'failures')
  })

  after(async () => {
    redis.close()
    const open = [offsets, log, publisher, environment]
    await Promise.all([admin.disconnect(), ...open.map(one => one?.close())])
  })

  /** Hands everything that is in a topic to a consumer, which keeps its state and publishes on the real servers. */
  async function consumed(process: unknown, signal: 'readings' | 'failures'): Promise<void> {
    const topic = environment.topic(signal)
    const records = await environment.read(signal)
    const stage = new Stage(process as KeyedProcess<never>, { store: new RedisStateStore(redis), publisher })
    stage.consumer = { ...stage.consumer, env: environment.name }
    const batch = records.map(record => logRecordOf(topic, record.partition, record))
    assert.deepEqual(await stage.batch(batch), { batchItemFailures: [] })
  }

  const rangesIn = async (signal: 'alerts' | 'dlq' | 'readings') => {
    const topic = environment.topic(signal)
    return rangesOf(topic, await topicReach(offsets, topic))
  }

  it('given readings, then statistics tell of each entity, and how the records ended', async () => {
    const { entities, totals } = await statisticsOf(inspection, readings)
    assert.deepEqual(
      entities.map(({ entity, metrics }) => [entity, metrics.temperature?.count, metrics.temperature?.mean]),
      [
        [ROOF, 2, 32.5],
        [`${ROOF}0`, 1, 10],
      ],
    )
    assert.deepEqual([totals.applied, totals.failed, totals.outbox], [3, 1, 0])
    assert.deepEqual((await statisticsOf(inspection, readings, 'roof-1')).entities.length, 1)
    const roof = await entityStatistics(inspection, readings, ROOF)
    assert.equal(roof?.metrics.temperature?.maximum, 45)
    const outcomes = await outcomesOf(inspection, partitionsOf('alerting', readings))
    assert.equal(outcomes.reasons['applied/fired'], 1)
  })

  it('given a consumer at the end of its log, then its partition states say so, with what is open', async () => {
    const bounds = await topicBounds(offsets, readings.topic)
    const partitions = partitionsOf('processor', readings)
    const states = await partitionStates(inspection, partitions, { bounds, withFailures: true })
    assert.equal(states.length, bounds.length)
    const [used, ...others] = states.filter(({ appliedOffset }) => appliedOffset >= 0)
    assert.deepEqual(others, [])
    const { appliedOffset, lag, entities, outbox, openFailures, failures } = used ?? {}
    assert.deepEqual([appliedOffset, lag, entities, outbox, openFailures], [3, 0, 2, 0, 1])
    assert.deepEqual(
      failures?.map(({ offset, attempt }) => [offset, attempt]),
      [[3, 1]],
    )
    assert.ok(Date.parse(used?.asOf ?? '') <= Date.now())
  })

  it('given one entity, then its state and its timers are told', async () => {
    const partitions = partitionsOf('alerting', readings)
    const [state, ...others] = await entityStates(inspection, partitions, 'roof-1')
    assert.deepEqual(others, [])
    assert.equal(state?.entity, ROOF)
    assert.ok((state?.timers.length ?? 0) > 0)
  })

  it('given all that Redis holds, then each partition state is listed, and whether its consumer is known', async () => {
    const all = await listPartitionStates(new StateList(redis), ['processor'])
    const own = all.filter(({ topic }) => topic === readings.topic)
    assert.deepEqual(
      own.map(({ consumer, appliedOffset, hasFunction }) => [consumer, appliedOffset, hasFunction]),
      [
        ['alerting', 3, false],
        ['processor', 3, true],
      ],
    )
    const topics = SIGNALS.map(signal => topicSize(signal, environment.name))
    const remembered = await topicsRemembered(inspection, 'dlq-router', topics)
    assert.deepEqual(
      remembered.map(({ topic }) => topic),
      [environment.topic('failures')],
    )
  })

  it('given a value beyond a threshold, then the alert is on, and was published once', async () => {
    const active = await activeAlerts(inspection, readings, topicSize('patterns', environment.name))
    assert.deepEqual(
      active.map(({ entity, rule, phase, alert }) => [entity, rule, phase, alert?.value]),
      [[ROOF, 'HOT environment.temperature', 'firing', 45]],
    )
    const published = await gathered(publishedAlerts(log, await rangesIn('alerts')))
    assert.deepEqual(
      published.map(({ alert }) => [alert.rule, alert.status, alert.alertId]),
      [['HOT', 'firing', active[0]?.alert?.alertId]],
    )
  })

  it('given a record that two consumers could not read, then each has a dead letter, by place and by id', async () => {
    const ranges = await rangesIn('dlq')
    const { deadLetters, total, others } = await listDeadLetters(log, ranges, { limit: 10 })
    assert.deepEqual(deadLetters.map(({ consumer }) => consumer).sort(), ['alerting', 'processor'])
    assert.deepEqual([total, others, deadLetters[0]?.originalOffset, deadLetters[0]?.entity], [2, 0, 3, null])
    const [deadLetter] = (await listDeadLetters(log, ranges, { limit: 10, consumer: 'alerting' })).deadLetters
    assert.ok(deadLetter)
    for (const wanted of [deadLetter, { id: deadLetter.id }]) {
      const answer = await findDeadLetter(log, ranges, wanted)
      assert.equal(answer.kind === 'found' && String(answer.found.original.value), 'not an event')
    }
  })

  it('given a time, then reading begins with the first record from then on', async () => {
    const all = await gathered(readRecords(log, await rangesIn('readings')))
    const last = all.at(-1)
    assert.ok(last)
    assert.equal(all.length, 4)
    const reach = await topicReach(offsets, readings.topic, last.timestampMs)
    const since = await gathered(readRecords(log, rangesOf(readings.topic, reach)))
    assert.equal(since.at(-1)?.offset, last.offset)
    assert.ok(since.every(({ timestampMs }) => timestampMs >= last.timestampMs))
    await assert.rejects(topicReach(offsets, 'no-such-topic'), UnknownTopic)
  })

  describe('consumer groups', () => {
    const topic = `queries-${randomUUID()}`
    const group = `group-${randomUUID()}`
    const read = { function: 'f', topic, group }

    before(async () => {
      await createTopic(admin, { topic, numPartitions: 2 })
      for (const value of ['a', 'b', 'c']) await environment.client.send(topic, [{ value, partition: 1 }])
    })

    it('given committed offsets, then the lag is counted from there, in records and seconds', async () => {
      await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 1, offset: '1' }] })
      const [lag] = await consumerLags(offsets, [read])
      assert.ok(lag)
      assert.equal(lag.pending, 2)
      const [, second] = await gathered(readRecords(log, rangesOf(topic, await topicReach(offsets, topic))))
      const nowMs = (second?.timestampMs ?? 0) + 2_500
      const { partitions } = await withAges(log, lag, nowMs)
      assert.deepEqual(partitions, [
        { partition: 0, next: 0, end: 0, pending: 0, seconds: 0 },
        { partition: 1, next: 1, end: 3, pending: 2, seconds: 2.5 },
      ])
    })

    it('given a transaction, then it does not count while it is open, and has no age once it is aborted', async () => {
      const producer = foreign.producer({
        transactionalId: randomUUID(),
        idempotent: true,
        maxInFlightRequests: 1,
      })
      const aged = async () => {
        const [lag] = await consumerLags(offsets, [read])
        assert.ok(lag)
        return (await withAges(log, lag, Date.now())).partitions[0]
      }
      await producer.connect()
      const transaction = await producer.transaction()
      try {
        await transaction.send({ topic, messages: [{ value: 'd', partition: 0 }] })
        assert.deepEqual(await aged(), { partition: 0, next: 0, end: 0, pending: 0, seconds: 0 })
      } finally {
        await transaction.abort()
        await producer.disconnect()
      }
      await until('its end is known', async () => (await aged())?.end === 2)
      assert.deepEqual(await aged(), { partition: 0, next: 0, end: 2, pending: 2, seconds: null })
    })

    it('given a member that joins and leaves, then it is told with its partitions, and then an empty group', async () => {
      const stateOf = async () => (await consumerGroups(kafka, [group]))[0]
      assert.equal((await stateOf())?.state, 'empty')
      const consumer = foreign.consumer({ groupId: group })
      await consumer.connect()
      await consumer.subscribe({ topic })
      await consumer.run({ autoCommit: false, eachMessage: async () => {} })
      try {
        await until('it has joined', async () => (await stateOf())?.state === 'stable')
        const members = (await stateOf())?.members ?? []
        assert.deepEqual(
          members.map(({ assigned }) => assigned),
          [{ [topic]: [0, 1] }],
        )
        assert.match(members[0]?.host ?? '', /^[\d.:a-f]+$/)
      } finally {
        await consumer.disconnect()
      }
      await until('it has left', async () => (await stateOf())?.state === 'empty')
    })

    it('given an unknown group, then it is missing', async () => {
      const groups = await consumerGroups(kafka, ['never-heard-of', group])
      assert.deepEqual(
        groups.map(one => [one.group, one.state]),
        [
          ['never-heard-of', 'missing'],
          [group, 'empty'],
        ],
      )
      assert.deepEqual(await consumerGroups(kafka, []), [])
    })
  })

  it('given topics as the table says, then nothing differs, and a changed setting is told', async () => {
    const table = { topics: kafkaTopics(environment.name), replication: replicationOn(brokers().length) }
    const names = SIGNALS.map(signal => environment.topic(signal))
    assert.deepEqual(await topicsByTable(kafka, table), { existing: names, missing: [], differences: [] })
    const name = environment.topic('events')
    const entries = { 'retention.ms': '1000', 'cleanup.policy': 'delete', 'max.message.bytes': '1048576' }
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name,
          configEntries: Object.entries(entries).map(([name, value]) => ({ name, value })),
        },
      ],
    })
    await until('the change is known', async () => {
      const { differences } = await topicsByTable(kafka, table)
      const [retention] = differences.filter(({ setting }) => setting === 'retention.ms')
      return retention?.topic === name && retention.found === '1000'
    })
  })

  it('given an environment without topics, then all of them are missing, and none is created', async () => {
    const table = { topics: kafkaTopics(`t${randomUUID().slice(0, 8)}`), replication: replicationOn(1) }
    for (const _ of [1, 2]) {
      const { existing, missing, differences } = await topicsByTable(kafka, table)
      assert.deepEqual([existing, missing.length, differences], [[], SIGNALS.length, []])
    }
  })

  it('given a server that is away, then the error names it, and what was asked', async () => {
    const nobody = kafkaClient({ brokers: ['127.0.0.1:1'], clientId: 'test', auth: 'none' })
    const away = new TopicOffsets(nobody)
    const asked: [question: () => Promise<unknown>, code: string, says: RegExp][] = [
      [() => topicBounds(away, 't'), 'broker-unavailable', /Kafka does not answer.*topic t.*127\.0\.0\.1:1/],
      [
        () => consumerLags(away, [{ function: 'f', topic: 't', group: 'g' }]),
        'broker-unavailable',
        /topic t/,
      ],
      [() => consumerGroups(nobody, ['g']), 'broker-unavailable', /consumer groups g/],
    ]
    const noRedis = new RedisClient({ url: 'redis://127.0.0.1:1' })
    asked.push([
      () => statisticsOf(new StateInspection(noRedis), readings),
      'store-unavailable',
      /Redis at 127\.0\.0\.1:1/,
    ])
    for (const [question, code, says] of asked) {
      const error = await question().catch(caught => caught)
      assert.ok(error instanceof Unavailable, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, says)
    }
    noRedis.close()
    await away.close()
  })
})

async function gathered<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of all) found.push(one)
  return found
}
