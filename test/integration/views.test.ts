/** The consumer `views` on real servers: both steps, with the tables that ship. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { kafkaClient } from '#runtime/adapters/kafka/client.ts'
import { toLogRecord } from '#runtime/adapters/kafka/to-log-record.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { StateInspection } from '#runtime/adapters/redis/state-inspection.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import type { Event } from '#runtime/consumer/event.ts'
import { KafkaPublisher } from '#runtime/producer/publisher.ts'
import { topicSize } from '../../lib/app/topics.ts'
import { listStateKeys, storedEntities } from '../../lib/tables/table.ts'
import { getFamily } from '../../lib/telemetry/metric-names.ts'
import { loadPlan } from '../../lib/views/adapters/plan-file.ts'
import { rowSource } from '../../lib/views/event-names.ts'
import { rowsOfGroup } from '../../lib/views/group-rows.ts'
import type { GroupState } from '../../lib/views/group-step.ts'
import type { TablePlan, ViewPlan } from '../../lib/views/plan.ts'
import { createActivatedPlan, createActivationEvent } from '../../lib/views/plan-activation.ts'
import { views } from '../../lib/views/process.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Random } from '../support/random.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'

const MINUTE_MS = 60_000
/** The readings of a device are in order, and end within the retention of the windows. */
const START_MS = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 8 * MINUTE_MS
const READINGS = 1_500
const DEVICES = 20
const ACTIVITIES = ['walking', 'running', 'resting', 'lying']

interface Motion {
  readonly device: string
  readonly activity: string
  readonly timeMs: number
  readonly x: number
}

describe('the tables that ship', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  const random = new Random(7)
  const motions: readonly Motion[] = Array.from({ length: READINGS }, (_, index) => ({
    device: `d-${random.between(1, DEVICES)}`,
    activity: random.pick(ACTIVITIES),
    timeMs: START_MS + index * 300,
    x: random.between(-800, 800) / 64,
  }))
  let environment: TestEnvironment
  let plan: ViewPlan
  let stage: Stage

  before(async () => {
    environment = await TestEnvironment.create()
    plan = await loadPlan('config/views')
    stage = stageOn(new RedisStateStore(redis))
    const activated = createActivatedPlan(plan, [])
    for (const signal of ['view-rows', 'readings'] as const)
      await publisher.publish(
        Array.from({ length: topicSize(signal, environment.name).partitions }, (_, partition) => ({
          ...{ topic: environment.topic(signal), partition, key: null },
          ...writeEvent(createActivationEvent(activated, partition, new Date(START_MS).toISOString())),
        })),
      )
  })

  after(async () => {
    redis.close()
    await publisher.close()
    await environment?.close()
  })

  function stageOn(store: RedisStateStore): Stage {
    const made = new Stage(views() as never, { store, publisher })
    made.consumer = { ...made.consumer, env: environment.name }
    return made
  }

  async function published(some: readonly Motion[]): Promise<void> {
    const messages = some.map(({ device, activity, timeMs, x }) => {
      const event: Event = {
        id: `${device} ${timeMs}`,
        type: getFamily('device').type,
        source: '/device/watch',
        subject: device,
        time: new Date(timeMs).toISOString(),
        datacontenttype: 'application/json',
        data: { deviceId: device, model: 'watch', x, y: 0, z: 0, activity },
      }
      const { value, headers } = writeEvent(event)
      return { key: device, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
  }

  /** Delivers all records of the topics, in batches of this size. Known records are redelivered. */
  async function delivered(size: number): Promise<void> {
    for (const signal of ['readings', 'view-rows'] as const) {
      const topic = environment.topic(signal)
      const records = (await environment.read(signal)).map(one => toLogRecord(topic, one.partition, one))
      for (let at = 0; at < records.length; at += size)
        assert.deepEqual(await stage.batch(records.slice(at, at + size)), { batchItemFailures: [] })
    }
  }

  /** Returns the rows of a table, by group and start of the window. */
  async function rowsOf(name: string) {
    const table = plan.tables.find(one => one.name === name) as TablePlan
    const rows = new Map<string, Readonly<Record<string, unknown>>>()
    const inspection = new StateInspection(redis)
    const source = rowSource(name, table.generation)
    for (const key of listStateKeys('views', topicSize('view-rows', environment.name)))
      for await (const { entity, state } of storedEntities(inspection, key, one =>
        one.startsWith(`${source} `),
      )) {
        const group = JSON.parse(entity.slice(source.length + 1))
        for (const { values, window } of rowsOfGroup(table, group, state as GroupState))
          rows.set([...group, ...(window ? [window.startMs] : [])].join(' '), values)
      }
    return rows
  }

  async function equalDirectCounts(some: readonly Motion[]): Promise<void> {
    const activities = Map.groupBy(some, ({ activity }) => activity)
    assert.deepEqual(
      Object.fromEntries(await rowsOf('device_activity_counts')),
      Object.fromEntries(
        [...activities].map(([activity, own]) => {
          const devices = new Set(own.map(({ device }) => device)).size
          return [activity, { activity, readings: own.length, devices }]
        }),
      ),
    )
    const minuteOf = ({ timeMs }: Motion) => Math.floor(timeMs / MINUTE_MS) * MINUTE_MS
    const minutes = Map.groupBy(some, motion => `${motion.device} ${minuteOf(motion)}`)
    const stats = await rowsOf('device_sensor_stats')
    assert.deepEqual([...stats.keys()].sort(), [...minutes.keys()].sort())
    for (const [key, own] of minutes) {
      const values = own.map(({ x }) => x)
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length
      const { avg_x, std_x, min_x, max_x } = stats.get(key) ?? {}
      assert.deepEqual([avg_x, min_x, max_x], [mean, Math.min(...values), Math.max(...values)], key)
      if (values.length === 1) assert.equal(std_x, null)
      else {
        const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0)
        assert.ok(Math.abs(Number(std_x) - Math.sqrt(squares / (values.length - 1))) < 1e-9, key)
      }
    }
  }

  it('given readings, then the tables equal direct counts', async () => {
    await published(motions.slice(0, 900))
    await delivered(200)
    await equalDirectCounts(motions.slice(0, 900))
  })

  it('given more readings, and all records again in other batches, then each counts once', async () => {
    await published(motions.slice(900))
    await delivered(333)
    await delivered(1_000)
    await equalDirectCounts(motions)
  })

  it('given readings that are sent again, then they count once', async () => {
    await published(motions.slice(1_200))
    await delivered(500)
    await equalDirectCounts(motions)
  })

  it('given the end of windows, then their rows were emitted, each final one once', async () => {
    const changes = (await environment.read('view-changes')).map(({ value }) => JSON.parse(String(value)))
    const finals = changes.filter(({ final }) => final)
    assert.ok(finals.length > DEVICES * 5)
    assert.equal(
      new Set(finals.map(({ row, window }) => `${row.device_id} ${window.start}`)).size,
      finals.length,
    )
  })
})
