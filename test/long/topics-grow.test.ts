/** `sluice topics grow`: a topic gets more partitions, and its consumer continues unchanged. Rule 24. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import kafkajs, { type Message } from 'kafkajs'
import type { Signal } from '../../lib/app/topics.ts'
import { FAILURE_TYPE, RETRY_TYPE } from '../../lib/failures/event-types.ts'
import { redrivenRecord } from '../../lib/failures/redriven-record.ts'
import { Growth } from '../../lib/operations/grow/growth.ts'
import { GrowthRecords } from '../../lib/operations/grow/record.ts'
import type { Step } from '../../lib/operations/grow/steps.ts'
import { GrowingTopic } from '../../lib/operations/grow/topic.ts'
import { READING_TYPES } from '../../lib/telemetry/families.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { KafkaLogReader } from '../../packages/runtime/adapters/kafka/log-reader.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { KafkaLogBounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisForwardCursors } from '../../packages/runtime/adapters/redis/forward-cursors.ts'
import { RedisPartitionStates } from '../../packages/runtime/adapters/redis/partition-states.ts'
import { StateList } from '../../packages/runtime/adapters/redis/state-list.ts'
import { StateReader } from '../../packages/runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { partitionOf } from '../../packages/runtime/consumer/murmur2.ts'
import { decided, type KeyedProcess, rejected } from '../../packages/runtime/consumer/process.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { type CheckpointPart, EMPTY_META } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { TestEnvironment } from '../support/environment.ts'
import { ForeignClient } from '../support/foreign-client.ts'
import { inPages, partsIn } from '../support/parts.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { ran } from '../unit/cli/terminal.ts'

const [BEFORE, AFTER] = [3, 5]
const START_MS = Date.parse('2026-03-01T12:00:00Z')
const SENSORS = Array.from({ length: 40 }, (_, number) => `s-${number}`)
/** A sensor that moves. */
const BROKEN = 'cracked'
const QUIET_AFTER_S = 600

/** Steps at which a run is killed, at its first time or a later one. */
const KILLS: readonly (readonly [step: Step, time: number])[] = [
  ['began', 1],
  ['fenced', 1],
  ['copied', 2],
  ['staged', 1],
  ['creating', 1],
  ['created', 1],
  ['noted', 1],
  ['switched', 1],
  ['switched', 3],
  ['switched', 5],
  ['over', 1],
]

class Killed extends Error {}

describe('sluice topics grow', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
  const [log, bounds] = [new KafkaLogReader(kafka), new KafkaLogBounds(kafka)]
  let environment: TestEnvironment
  let isRepaired = false

  before(async () => {
    environment = await TestEnvironment.create()
    // The first test sets the times of its records.
    const configEntries = [{ name: 'message.timestamp.type', value: 'CreateTime' }]
    const topic = { type: kafkajs.ConfigResourceTypes.TOPIC, name: environment.topic('events') }
    const admin = kafka.admin()
    await admin.connect()
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...topic, configEntries }] })
    await admin.disconnect()
  })

  after(async () => {
    redis.close()
    await Promise.all([log.close(), bounds.close(), environment?.close()])
  })

  /** Counts the readings of each sensor, and says when one has been quiet. */
  const counter: KeyedProcess<{ count: number }> = {
    name: 'counter',
    accepts: READING_TYPES,
    onEvent(state, event) {
      if (event.subject === BROKEN && !isRepaired) return rejected('broken')
      const dueMs = event.timeMs + QUIET_AFTER_S * 1000
      return decided('counted', { count: (state?.count ?? 0) + 1 }, [], [{ name: 'quiet', dueMs }])
    },
    onTimer: (state, { source, subject }) =>
      decided('quiet', state, [
        {
          name: 'quiet',
          to: 'alerts',
          key: null,
          type: 'test.quiet',
          source,
          data: {},
          ...(subject ? { subject } : {}),
        },
      ]),
  }

  /** A topic of three partitions, its consumer and its producer. */
  function given(signal: Signal, process: KeyedProcess<never> = counter as never) {
    const name = environment.topic(signal)
    const stage = new Stage(process, { store: new RedisStateStore(redis) })
    stage.consumer = { ...stage.consumer, env: environment.name }
    const topic = new GrowingTopic({ client: redis, kafka, log, bounds }, environment.name, name)
    const reader = new StateReader(redis)
    return {
      name,
      stage,
      growth(options: Partial<ConstructorParameters<typeof Growth>[1]> = {}, reached?: (step: Step) => void) {
        const order = { to: AFTER, by: 'test', allowUnknown: false, except: [], quietMs: 1, ...options }
        return new Growth(topic, order, { tell: () => {}, ...(reached ? { reached } : {}) })
      },
      /** Appended `at` seconds after the start, by a client that knows the present partitions. */
      async send(messages: readonly Message[], at: number): Promise<void> {
        const client = await ForeignClient.connect()
        try {
          const timestamp = String(START_MS + at * 1000)
          await client.send(
            name,
            messages.map(message => ({ ...message, timestamp })),
          )
        } finally {
          await client.close()
        }
      },
      /** The consumer gets all that the topic holds, as after a rebalance. */
      async catchUp() {
        const records = (await environment.read(signal)).map(one => logRecordOf(name, one.partition, one))
        return (await stage.batch(records)).batchItemFailures
      },
      /** The count of each sensor by the partition that has its state. */
      async counts(partitions: number): Promise<Map<string, number>> {
        const counts = new Map<string, number>()
        for (let partition = 0; partition < partitions; partition++)
          for await (const [entity, json] of reader.states({ consumer: 'counter', topic: name, partition }))
            counts.set(`${partition} ${entity.split(' ')[1]}`, JSON.parse(json).count)
        return counts
      },
    }
  }

  function keyed(event: Event, partitions: number): Message {
    const { value, headers } = writeEvent(event)
    const key = String(event.subject)
    return {
      key,
      value,
      headers: Object.fromEntries(headers),
      partition: partitionOf(Buffer.from(key), partitions),
    }
  }

  /** Where the redriver will find it. */
  function retryOf(originalTopic: string): Message {
    const retry = { id: originalTopic, source: '/consumers/c', type: RETRY_TYPE, data: { originalTopic } }
    const { value, headers } = writeEvent({ ...retry, datacontenttype: 'application/json' })
    return { key: null, value, headers: Object.fromEntries(headers), partition: 0 }
  }

  const round = (number: number, partitions: number) =>
    SENSORS.map((sensor, index) =>
      keyed(reading(`${number}/${sensor}`, { sensor, at: number * 60 + index / 100 }), partitions),
    )

  const ticks = (at: number, partitions: number) =>
    Array.from({ length: partitions }, (_, partition): Message => {
      const { value, headers } = writeEvent(tick(partition, new Date(START_MS + at * 1000).toISOString()))
      return { key: null, value, headers: Object.fromEntries(headers), partition }
    })

  const expected = (partitions: number, count: number) =>
    new Map(
      SENSORS.map(sensor => [`${partitionOf(Buffer.from(sensor), partitions)} ${sensor}`, count] as const),
    )

  const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort()

  it('given kills at each step, when it runs on, then counts, timers, ids and failures go on', async () => {
    const { name, stage, growth, send, catchUp, counts } = given('events')
    const broken = keyed(reading('b', { sensor: BROKEN, at: 61 }), BEFORE)
    await send(round(0, BEFORE), 0)
    await send([...round(1, BEFORE), broken], 61)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(BEFORE)), sorted(expected(BEFORE, 2)))
    const [failed] = stage.events.filter(({ type }) => type === FAILURE_TYPE)
    assert.ok(failed)

    for (const [step, time] of KILLS) {
      let times = 0
      const run = growth({}, reached => {
        if (reached === step && ++times === time) throw new Killed(step)
      }).run()
      await assert.rejects(run, Killed, `${step} was not reached`)
      // The clock continues; where the consumer may not decide, the tick waits.
      if (step === 'fenced' || step === 'staged') {
        await send(ticks(70, BEFORE), 70)
        assert.notEqual((await catchUp()).length, 0)
      }
    }
    await growth().run()
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(AFTER, 2)))

    await send(ticks(80, AFTER), 80)
    // The second round again, and a third.
    await send([...round(1, AFTER), ...round(2, AFTER)], 121)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(AFTER, 3)))
    assert.equal(stage.outcomes.filter(outcome => outcome === 'duplicate/id-known').length, SENSORS.length)
    assert.deepEqual(stage.observer.misroutedAt, [])

    isRepaired = true
    const { growths } = await new GrowthRecords(redis, name).read()
    assert.equal(growths.length, 1)
    const { key, value, headers, partition } = redrivenRecord(failed.data as FailureData, undefined, growths)
    assert.equal(partition, partitionOf(Buffer.from(BROKEN), AFTER))
    const again = { key, value, headers: Object.fromEntries(headers), partition }
    await send([again, again], 130)
    assert.deepEqual(await catchUp(), [])
    const all = new Map([...expected(AFTER, 3), [`${partition} ${BROKEN}`, 1]])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(all))
    assert.equal(stage.outcomes.filter(outcome => outcome === 'duplicate/attempt-known').length, 1)

    // Until no timer is due, then until all have been for long.
    for (let at = 180; at <= 120 + QUIET_AFTER_S; at += 60) await send(ticks(at, AFTER), at)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(quietOnes(stage), [])
    for (let at = 180 + QUIET_AFTER_S; at <= 600 + QUIET_AFTER_S; at += 60) await send(ticks(at, AFTER), at)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(quietOnes(stage), [...SENSORS, BROKEN].sort())
    const generations = new Set(
      stage.events.flatMap(one => (one.type === 'test.quiet' ? one.extensions?.sequence?.[0] : [])),
    )
    assert.deepEqual([...generations], ['1'])
    const left = await new StateList(redis).names()
    assert.deepEqual(
      left.filter(({ topic }) => topic.startsWith(`${name}~`)),
      [],
    )
  })

  const quietOnes = (stage: Stage) =>
    stage.events.flatMap(({ type, subject }) => (type === 'test.quiet' ? [subject] : [])).sort()

  it('given a Redis that was lost and restored since, then a growth and a redrive go on as after the first', async () => {
    const [most, counted] = [10, expected(10, 4)]
    const { name, stage, growth, send, catchUp, counts } = given('notifications')
    isRepaired = false
    const broken = keyed(reading('b', { sensor: BROKEN, at: 1 }), BEFORE)
    await send([...round(0, BEFORE), broken], 0)
    assert.deepEqual(await catchUp(), [])
    const [failed] = stage.events.filter(({ type }) => type === FAILURE_TYPE)
    await growth().run()
    await send(round(1, AFTER), 61)
    assert.deepEqual(await catchUp(), [])
    await loseAndRestore(name, AFTER)
    await send(round(2, AFTER), 121)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(AFTER, 3)))
    const newest = { fromOffset: 0, toOffset: 0 }
    await until(
      'the client to know the new partitions',
      async () => !!(await log.read(name, AFTER - 1, newest)),
    )
    const { generation } = await growth({ to: most }).run()
    assert.equal(generation, 2)
    await send(round(3, most), 181)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(most)), sorted(counted))

    await loseAndRestore(name, most)
    isRepaired = true
    const { growths } = await new GrowthRecords(redis, name).read()
    const changes = growths.map(({ from, to }) => [from, to])
    assert.deepEqual(changes, [
      [BEFORE, AFTER],
      [AFTER, most],
    ])
    // One client does not know of the growths, the other one does.
    const unaware = redrivenRecord(failed?.data as FailureData)
    await send([{ ...unaware, headers: Object.fromEntries(unaware.headers) }], 190)
    assert.deepEqual(await catchUp(), [])
    assert.equal(stage.outcomes.at(-1), 'failed/failure-moved')
    const aware = redrivenRecord(stage.events.at(-1)?.data as FailureData, undefined, growths)
    await send([{ ...aware, headers: Object.fromEntries(aware.headers) }], 200)
    assert.deepEqual(await catchUp(), [])
    assert.equal(stage.outcomes.at(-1), 'applied/counted')
    const home = partitionOf(Buffer.from(BROKEN), most)
    assert.deepEqual(sorted(await counts(most)), sorted(new Map([...counted, [`${home} ${BROKEN}`, 1]])))
  })

  /** Redis loses all that belongs to the topic, and the states come back from checkpoints of just before. */
  async function loseAndRestore(name: string, partitions: number): Promise<void> {
    const states = new RedisPartitionStates(redis)
    const checkpoints = new Map<StateKey, CheckpointPart[]>()
    for (let partition = 0; partition < partitions; partition += 1) {
      const key = { consumer: 'counter', topic: name, partition }
      const taken = await states.take(key)
      assert.ok(taken)
      checkpoints.set(key, await partsIn(taken.pages))
    }
    for await (const key of redis.keys(`{*${name}*}:*`)) await redis.run(client => client.unlink(key))
    for (const [key, parts] of checkpoints)
      assert.equal(await states.replace(key, EMPTY_META.version, inPages(parts)), 'replaced')
  }

  it('given a record meanwhile, then the growth is unchanged, and the consumer continues as before', async () => {
    const { growth, send, catchUp, counts } = given('alerts')
    await send(round(0, BEFORE), 0)
    assert.deepEqual(await catchUp(), [])
    const grown = growth({}, step => {
      if (step === 'staged') throw new Killed()
    })
    await assert.rejects(grown.run(), Killed)
    await send(round(1, BEFORE), 60)
    assert.notEqual((await catchUp()).length, 0)
    await assert.rejects(growth().run(), /has not grown, and all is as it was:\n.* records to read/)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(BEFORE, 2)))
  })

  it('given a growth that was begun, when it is taken back, then the consumer continues as before', async () => {
    const { name, growth, send, catchUp, counts } = given('analytics')
    await send(round(0, BEFORE), 0)
    await catchUp()
    const begun = growth({}, step => {
      if (step === 'copied') throw new Killed()
    })
    await assert.rejects(begun.run(), Killed)
    await assert.rejects(growth({ to: 7 }).underway(), /test began to grow .* to 5 partitions at .* --abort/)
    const drop = ['state', 'drop', 'counter', '--topic', name, '--partition', '0', '--yes']
    const servers = {
      KAFKA_BROKERS: brokers().join(','),
      REDIS_URL: redisUrl(),
      SLUICE_ENV: environment.name,
    }
    const dropped = await ran(drop, { environment: servers })
    assert.match(dropped.stderr, /was not replaced: its topic is growing/)
    await growth().abort()
    await assert.rejects(growth().abort(), /No growth of .* is under way/)
    const left = (await new StateList(redis).names()).filter(({ topic }) => topic === name)
    assert.deepEqual(
      left.map(({ partition }) => partition),
      [0, 1, 2],
    )
    await send(round(1, BEFORE), 60)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(BEFORE, 2)))
  })

  it('given two runs at once, then whichever ends last, all has moved once', async () => {
    const { growth, send, catchUp, counts } = given('failures')
    await send(round(0, BEFORE), 0)
    await catchUp()
    const runs = await Promise.allSettled([growth().run(), growth().run()])
    const errors = runs.flatMap(run => (run.status === 'rejected' ? [String(run.reason)] : []))
    assert.ok(
      errors.every(error => /another run|taken over/i.test(error)),
      errors.join(),
    )
    if (errors.length === runs.length) await growth().run()
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(AFTER, 1)))
    await send(round(1, AFTER), 60)
    assert.deepEqual(await catchUp(), [])
    assert.deepEqual(sorted(await counts(AFTER)), sorted(expected(AFTER, 2)))
  })

  it('given a consumer that keeps nothing by entity, then it may be behind, and its failures stay', async () => {
    isRepaired = false
    const mover: KeyedProcess<never> = {
      name: 'mover',
      accepts: READING_TYPES,
      onEvent: (_, event) =>
        event.subject === BROKEN && !isRepaired ? rejected('broken') : decided('moved', undefined),
    }
    const { name, stage, growth, send, catchUp } = given('dlq', mover)
    await send(round(0, BEFORE), 0)
    await catchUp()
    const broken = keyed(reading('b', { sensor: BROKEN, at: 60 }), BEFORE)
    await send([...round(1, BEFORE), broken], 60)
    await assert.rejects(growth().run(), /mover still has 41 records to read/)
    await growth({ except: ['mover'] }).run()
    await send(round(2, AFTER), 120)
    assert.deepEqual(await catchUp(), [])
    const moved = () => stage.outcomes.filter(outcome => outcome === 'applied/moved').length
    assert.equal(moved(), 3 * SENSORS.length)
    // Unread records whose keys go elsewhere now, without later ones.
    const elsewhere = [...SENSORS, BROKEN].filter(sensor => {
      const [before, now] = [BEFORE, AFTER].map(count => partitionOf(Buffer.from(sensor), count))
      return before !== now
    })
    const misrouted = stage.observer.misroutedAt.reduce((sum, { count }) => sum + count, 0)
    assert.equal(misrouted, elsewhere.length)
    isRepaired = true
    const [failed] = stage.events.filter(({ type }) => type === FAILURE_TYPE)
    const { growths } = await new GrowthRecords(redis, name).read()
    const redriven = redrivenRecord(failed?.data as FailureData, undefined, growths)
    assert.equal(redriven.partition, broken.partition)
    await send([{ ...redriven, headers: Object.fromEntries(redriven.headers) }], 130)
    assert.deepEqual(await catchUp(), [])
    assert.equal(moved(), 3 * SENSORS.length + 1)
  })

  it('given what is in the way, when it looks, then it names all of it and changes nothing', async () => {
    const { name, send, catchUp, counts } = given('patterns')
    await send(round(0, BEFORE), 0)
    await catchUp()
    const stranger = keyed(reading('x', { sensor: 'stranger' }), BEFORE)
    await environment.client.send(environment.topic('retry-1m'), [retryOf(name), retryOf('elsewhere')])
    const elsewhere = { ...stranger, partition: ((stranger.partition ?? 0) + 1) % BEFORE }
    await send([elsewhere], 1)
    await catchUp()
    await send([keyed(reading('late', { sensor: 's-1', at: 9 }), BEFORE)], 9)
    const environmentOf = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    const args = ['topics', 'grow', 'patterns', '--env', environment.name, '--quiet', '1s', '--partitions']
    const looked = await ran([...args, String(AFTER)], { environment: environmentOf })
    assert.match(
      looked.stdout,
      /3 → 5 partitions\n {2}counter: \d+ of 41 entities move; 1 stay/,
      looked.stderr,
    )
    assert.match(looked.stdout, /counter still has 1 records to read/)
    assert.match(looked.stdout, /1 retries of its records wait in retry-1m/)
    assert.match(
      looked.stdout,
      /1 entities of counter have an unknown key and would not be moved: .* stranger \(misrouted\)/,
    )
    assert.equal(looked.status, 1)
    const kept = await ran([...args, String(AFTER), '--except', 'counter'], { environment: environmentOf })
    assert.match(kept.stdout, /counter keeps states of 41 entities, which must move/)
    const fewer = await ran([...args, '2'], { environment: environmentOf })
    assert.match(fewer.stderr, /has 3 partitions: --partitions must be more/)
    await catchUp()
    const waiting = { consumer: 'redriver', topic: environment.topic('retry-1m'), partition: 0 }
    await new RedisForwardCursors(redis).advance(waiting, undefined, { next: 1 })
    const done = await ran([...args, String(AFTER), '--yes', '--allow-unknown'], {
      environment: environmentOf,
    })
    assert.match(done.stdout, /Grown: .* has 5 partitions/, done.stderr)
    const [place] = [...(await counts(AFTER)).keys()].filter(one => one.endsWith('stranger'))
    assert.equal(place, `${elsewhere.partition} stranger`)
    assert.equal(
      (await environment.read('events')).filter(({ headers }) => String(headers?.ce_type).includes('audit'))
        .length,
      1,
    )
  })
})
