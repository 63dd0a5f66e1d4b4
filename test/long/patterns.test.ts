/** A rule that counts restarts of a tenant’s databases, which are in several partitions, on real servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { activity } from '../../lib/activity/process.ts'
import { rulesActivated } from '../../lib/alerting/activation.ts'
import type { Alert } from '../../lib/alerting/alert.ts'
import { grouping } from '../../lib/alerting/patterns/grouping.ts'
import { patterns } from '../../lib/alerting/patterns/process.ts'
import { readRules } from '../../lib/alerting/rule-files.ts'
import { ruleSetOf } from '../../lib/alerting/rule-set.ts'
import { type Signal, TOPICS } from '../../lib/app/topics.ts'
import { FAMILIES } from '../../lib/telemetry/families.ts'
import { reading } from '../../lib/telemetry/reading.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import type { LogRecord, OutgoingRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { KeyedProcess } from '../../packages/runtime/consumer/process.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { Publisher } from '../../packages/runtime/pipeline/ports.ts'
import { KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { RedisForgetting } from '../support/redis-forgetting.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { writtenMessage } from '../support/written-message.ts'

const RULE = `rules:
  - name: TENANT_RESTARTS
    pattern:
      count: 3
      of: { event: instance.restarted }
      within: 1h
      per: tenant
    severity: critical
`
const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** A reading before the restart of a database, and one after it. */
function restart(instance: string, minute: number, tenant = 'acme') {
  return [60, 10].map((memoryUsagePercent, index) => {
    const time = new Date(START_MS + (minute * 60 + index) * 1000).toISOString()
    const data = { databaseType: 'postgres', instanceId: instance, tenant, memoryUsagePercent }
    const event = reading(FAMILIES.database, `${instance} ${minute} ${index}`, time, data)
    return { ...writtenMessage(event), key: FAMILIES.database.keys.instance(data) }
  })
}

const RESTARTS = [
  ...restart('db-1', 0),
  ...restart('db-2', 10),
  ...restart('db-3', 20, 'other'),
  ...restart('db-2', 30),
  ...restart('db-1', 40),
]

async function alertsIn(environment: TestEnvironment): Promise<Alert[]> {
  const records = await environment.read('alerts')
  return records.map(({ value }) => JSON.parse(String(value)) as Alert)
}

/** Whether the two databases of the tenant are really apart. */
async function partitionsOf(environment: TestEnvironment, signal: Signal): Promise<Map<string, Set<number>>> {
  const records = await environment.read(signal)
  const found = new Map<string, Set<number>>()
  for (const { value, partition } of records) {
    const data = JSON.parse(String(value)) as { instanceId?: string; entity?: { subject?: string } }
    const instance = data.instanceId ?? data.entity?.subject ?? ''
    found.set(instance, (found.get(instance) ?? new Set()).add(partition))
  }
  return found
}

describe('restarts of one tenant’s databases, through serverless offline', () => {
  let environment: TestEnvironment
  let offline: Offline
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-patterns-'))
    await writeFile(join(folder, 'rules.yaml'), RULE)
    environment = await TestEnvironment.create()
    offline = await Offline.start(environment.name, { RULES_DIR: folder })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await rm(folder, { recursive: true })
  })

  it('given databases in two partitions, then one alert fires for their tenant', async () => {
    await offline.invoke('clock', { time: '2026-03-01T12:00:00Z' })
    await environment.client.send(environment.topic('readings'), RESTARTS)
    await until('the alert fires', async () => (await alertsIn(environment)).length > 0)
    await environment.untilTrimmed()
    const lie = await partitionsOf(environment, 'readings')
    assert.equal(new Set([...(lie.get('db-1') ?? []), ...(lie.get('db-2') ?? [])]).size, 2)
    const [fired, ...others] = await alertsIn(environment)
    assert.deepEqual(others, [])
    assert.deepEqual(fired?.entity, { source: '/groups/tenant', subject: 'acme' })
    assert.equal(fired?.summary, 'acme: 3 times instance.restarted within 1 h')
    for (const [consumer, signal] of [
      ['grouping', 'events'],
      ['patterns', 'patterns'],
    ] as const)
      assert.equal((await environment.tally(consumer))['applied/rules-activated'], TOPICS[signal].partitions)
  })
})

describe('restarts of one tenant’s databases, when consumers are killed', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  const rules = readRules([{ where: 'rules.yaml', text: RULE }])
  const environments: TestEnvironment[] = []

  after(async () => {
    redis.close()
    await kafka.close()
    await Promise.all(environments.map(environment => environment.close()))
  })

  /** A chain of consumers on the real servers, of which each reads all that is in its topic each time. */
  async function chain() {
    const environment = await TestEnvironment.create()
    environments.push(environment)
    const stageOf = (process: unknown, publisher: Publisher = kafka) => {
      const ports = { store: new RedisStateStore(redis), publisher }
      const stage = new Stage(process as KeyedProcess<never>, ports)
      stage.consumer = { ...stage.consumer, env: environment.name }
      return stage
    }
    const recordsOf = async (signal: Signal): Promise<LogRecord[]> => {
      const topic = environment.topic(signal)
      return (await environment.read(signal)).map(record => logRecordOf(topic, record.partition, record))
    }
    for (const signal of ['events', 'patterns'] as const)
      for (let partition = 0; partition < TOPICS[signal].partitions; partition += 1) {
        const event = rulesActivated(ruleSetOf(rules), partition, '2026-03-01T12:00:00Z')
        await environment.client.send(environment.topic(signal), [{ ...writtenMessage(event), partition }])
      }
    await environment.client.send(environment.topic('readings'), RESTARTS)
    await stageOf(activity).batch(await recordsOf('readings'))
    return { environment, stageOf, recordsOf }
  }

  it('given one that is killed after its commit, then what it has left is counted once', async () => {
    const { environment, stageOf, recordsOf } = await chain()
    const apart = await partitionsOf(environment, 'readings')
    assert.notDeepEqual(apart.get('db-1'), apart.get('db-2'))
    for (const [process, signal] of [
      [grouping([]), 'events'],
      [patterns([]), 'patterns'],
    ] as const) {
      const records = await recordsOf(signal)
      const killed = stageOf(process, new Unreachable())
      assert.ok((await killed.batch(records)).batchItemFailures.length > 0)
      assert.deepEqual(await stageOf(process).batch(records), { batchItemFailures: [] })
    }
    const [fired, ...others] = await alertsIn(environment)
    assert.deepEqual([fired?.status, others], ['firing', []])
  })

  it('given one that forgets and sends all to the groups again, then each counts once', async () => {
    const { environment, stageOf, recordsOf } = await chain()
    const events = await recordsOf('events')
    await stageOf(grouping([])).batch(events)
    const once = (await recordsOf('patterns')).length
    for (let partition = 0; partition < TOPICS.events.partitions; partition += 1) {
      const topic = environment.topic('events')
      const forgetting = new RedisForgetting({ consumer: 'grouping', topic, partition })
      await forgetting.restore(new Map())
      forgetting.close()
    }
    await stageOf(grouping([])).batch(events)
    const records = await recordsOf('patterns')
    assert.equal(records.length - once, RESTARTS.length / 2, 'all of them are there twice')
    const stage = stageOf(patterns([]))
    await stage.batch(records)
    assert.equal(stage.outcomes.filter(outcome => outcome === 'duplicate/id-known').length, 5)
    assert.deepEqual(
      (await alertsIn(environment)).map(({ status }) => status),
      ['firing'],
    )
  })
})

/** A process that ends here has committed and published nothing. */
class Unreachable implements Publisher {
  async publish(_: readonly OutgoingRecord[]): Promise<void> {
    throw new Unavailable('broker-unavailable', 'killed before it published')
  }
}
