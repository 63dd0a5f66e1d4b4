/** `sluice topics grow readings`, beside alerting: alerts that fire, the rule set in force, and the clock. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Message } from 'kafkajs'
import { rulesActivated } from '../../lib/alerting/activation.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE, type FiredAlert } from '../../lib/alerting/alert.ts'
import { alerting } from '../../lib/alerting/process.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { kafkaTopics, replicationOn } from '../../lib/app/topics.ts'
import { kafkaClient } from '../../lib/runtime/adapters/kafka/client.ts'
import { logRecordOf } from '../../lib/runtime/adapters/kafka/messages.ts'
import { compareTopics } from '../../lib/runtime/adapters/kafka/topics.ts'
import { RedisClient } from '../../lib/runtime/adapters/redis/client.ts'
import { StateReader } from '../../lib/runtime/adapters/redis/state-reader.ts'
import { RedisStateStore } from '../../lib/runtime/adapters/redis/state-store.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { partitionOf } from '../../lib/runtime/consumer/murmur2.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { TestEnvironment } from '../support/environment.ts'
import { ForeignClient } from '../support/foreign-client.ts'
import { environmentReading as reading } from '../support/records.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { ruleOf } from '../unit/alerting/support.ts'
import { ran } from '../unit/cli/terminal.ts'

const [BEFORE, AFTER] = [12, 16]
const SENSORS = Array.from({ length: 30 }, (_, number) => `s-${number}`)
const HOT = ruleSetOf([ruleOf({ name: 'HOT', fireAbove: 40 })])

describe('sluice topics grow readings', { timeout: 120_000 }, () => {
  const redis = new RedisClient({ url: redisUrl() })
  let environment: TestEnvironment
  let stage: Stage

  before(async () => {
    environment = await TestEnvironment.create()
    stage = new Stage(alerting([]) as never, { store: new RedisStateStore(redis) })
    stage.consumer = { ...stage.consumer, env: environment.name }
  })

  after(async () => {
    redis.close()
    await environment?.close()
  })

  /** By a client that knows the present partitions. */
  async function send(messages: readonly Message[]): Promise<void> {
    const client = await ForeignClient.connect()
    await client.send(environment.topic('readings'), [...messages]).finally(() => client.close())
  }

  async function catchUp(): Promise<void> {
    const topic = environment.topic('readings')
    const records = (await environment.read('readings')).map(one => logRecordOf(topic, one.partition, one))
    assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
  }

  const messageOf = (event: Event, partition: number, key: string | null = null): Message => {
    const { value, headers } = writeEvent(event)
    return { key, value, headers: Object.fromEntries(headers), partition }
  }

  const measured = (temperature: number, at: number, partitions: number) =>
    SENSORS.map(sensor => {
      const event = reading(`${at}/${sensor}`, { sensor, temperature, at })
      return messageOf(event, partitionOf(Buffer.from(sensor), partitions), sensor)
    })

  const everywhere = (eventOf: (partition: number) => Event, partitions: number) =>
    Array.from({ length: partitions }, (_, partition) => messageOf(eventOf(partition), partition))

  const alertIds = (type: string) =>
    stage.events.flatMap(event => (event.type === type ? [(event.data as FiredAlert).alertId] : [])).sort()

  it('given alerts that fire, when it has grown, then they resolve, by the same rules, and once', async () => {
    const now = new Date().toISOString()
    await send(everywhere(partition => rulesActivated(HOT, partition, now), BEFORE))
    await send(everywhere(partition => tick(partition, now), BEFORE))
    await send(measured(50, 0, BEFORE))
    await catchUp()
    assert.equal(alertIds(ALERT_FIRED_TYPE).length, SENSORS.length)

    const servers = { KAFKA_BROKERS: brokers().join(','), REDIS_URL: redisUrl() }
    const args = ['topics', 'grow', 'readings', '--partitions', String(AFTER), '--env', environment.name]
    const grown = await ran([...args, '--quiet', '1s', '--yes'], { environment: servers })
    assert.match(grown.stdout, /Grown: .* has 16 partitions/, grown.stderr)
    const kafka = kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' })
    const topics = kafkaTopics(environment.name)
    const { differences } = await compareTopics(kafka, { topics, replication: replicationOn(1) })
    assert.deepEqual(differences, [], 'the table has the least number of partitions')

    await send(everywhere(partition => tick(partition, now), AFTER))
    await send([...measured(20, 60, AFTER), ...measured(20, 120, AFTER)])
    await catchUp()
    assert.deepEqual(alertIds(ALERT_RESOLVED_TYPE), alertIds(ALERT_FIRED_TYPE))
    assert.equal(alertIds(ALERT_RESOLVED_TYPE).length, SENSORS.length)
    assert.deepEqual(stage.observer.misroutedAt, [])
    const reader = new StateReader(redis)
    for (let partition = 0; partition < AFTER; partition++) {
      const state = { consumer: 'alerting', topic: environment.topic('readings'), partition }
      assert.deepEqual((await reader.meta(state)).partitioning, { generation: 1, partitions: AFTER })
      assert.ok((await reader.context(state))?.json.includes(HOT.hash), `partition ${partition} has no rules`)
    }
  })
})
