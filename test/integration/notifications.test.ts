/** The way from an alert to a notification, on real servers: the router, the notifier, and the commands for silences. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { kafkaClient } from '#runtime/adapters/kafka/client.ts'
import { toLogRecord } from '#runtime/adapters/kafka/to-log-record.ts'
import { RedisClient } from '#runtime/adapters/redis/client.ts'
import { RedisStateStore } from '#runtime/adapters/redis/state-store.ts'
import { writeEvent } from '#runtime/cloudevents/writer.ts'
import { KafkaPublisher } from '#runtime/producer/publisher.ts'
import { type Alert, alertEmission } from '../../lib/alerting/alert.ts'
import { NOTIFICATION_TYPE, type Notification } from '../../lib/notification/notification.ts'
import { notifier } from '../../lib/notification/notifier.ts'
import { readRoutes } from '../../lib/notification/parse-routes.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { ran } from '../unit/cli/terminal.ts'
import { eventOf, fired, resolved } from '../unit/notification/support.ts'

const ROUTES = readRoutes(
  'routes: [{ name: all, receivers: [sns], groupWait: 1s, groupInterval: 1s, groupBy: [rule] }]',
  'test',
)

describe('alerts, and their notifications', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const kafka = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  let environment: TestEnvironment
  let ticks = 0

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(async () => {
    redis.close()
    await kafka.close()
    await environment?.close()
  })

  /** A function as after a cold start, over all that its topic has: most of it is delivered again. */
  async function run(signal: 'alerts' | 'notifications'): Promise<void> {
    const stage = new Stage(notifier(ROUTES) as never, {
      store: new RedisStateStore(redis),
      publisher: kafka,
    })
    stage.consumer = { ...stage.consumer, env: environment.name }
    const topic = environment.topic(signal)
    const records = (await environment.read(signal)).map(one => toLogRecord(topic, one.partition, one))
    if (records.length > 0) await stage.batch(records)
  }

  async function append(...alerts: readonly Alert[]): Promise<void> {
    const topic = environment.topic('alerts')
    await kafka.publish(
      alerts.map(alert => {
        const emission = alertEmission(alert, { entity: `/environment/oslo ${alert.entity.subject}` })
        return { topic, key: Buffer.from(alert.fingerprint), ...writeEvent(eventOf(emission, 0), 'binary') }
      }),
    )
    await run('alerts')
  }

  async function told(): Promise<readonly Notification[]> {
    const records = await environment.read('notifications')
    const byId = new Map<string, Notification>()
    for (const { headers, value } of records) {
      if (String(headers?.ce_type) !== NOTIFICATION_TYPE) continue
      const notification: Notification = JSON.parse(String(value))
      const before = byId.get(String(headers?.ce_id))
      assert.equal(before, undefined, `${notification.group} has two notifications`)
      byId.set(String(headers?.ce_id), notification)
    }
    return [...byId.values()]
  }

  /** The log ticks, and the notifier reads it. */
  async function pass(): Promise<void> {
    ticks += 1
    const topic = environment.topic('notifications')
    const at = new Date().toISOString()
    const written = [0, 1, 2].map(partition => ({
      ...{ topic, partition, key: null },
      ...writeEvent({ ...tick(partition, at), id: `${ticks}/${partition}` }, 'binary'),
    }))
    await kafka.publish(written)
    await run('notifications')
  }

  const linesOf = (notifications: readonly Notification[], rule: string) =>
    notifications
      .filter(({ groupLabels }) => groupLabels.rule === rule)
      .map(({ reason, alerts }) => {
        // Alerts of several partitions reach their group in any order.
        const names = alerts.map(({ alertId, status }) => `${alertId} ${status}`).sort()
        return `${reason}: ${names.join(', ')}`
      })

  async function untilTold(rule: string, expected: readonly string[]): Promise<void> {
    await until(
      `${rule} has a notification: ${expected.at(-1)}`,
      async () => {
        await pass()
        return linesOf(await told(), rule).length >= expected.length
      },
      { describe: async () => linesOf(await told(), rule) },
    )
    assert.deepEqual(linesOf(await told(), rule), expected)
  }

  function silence(...args: readonly string[]) {
    return ran(['silence', ...args], {
      environment: {
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        SLUICE_ENV: environment.name,
      },
    })
  }

  it('given alerts of a rule, when they fire and end, then their group gets one notification of each', async () => {
    await append(fired('a'), fired('b'), fired('a'))
    await untilTold('HIGH_TEMP', ['new: a firing, b firing'])
    await append(resolved('a'), resolved('b'))
    await untilTold('HIGH_TEMP', ['new: a firing, b firing', 'resolved: a resolved, b resolved'])
  })

  it('given a silence, when it is added and ended by the command, then its alerts wait until then', async () => {
    const added = await silence('add', '--rule', 'QUIET_*', '--for', '1h', '--comment', 'works', '--json')
    assert.equal(added.status, 0, added.stderr)
    const { id } = JSON.parse(added.stdout)
    await append(fired('q', { rule: 'QUIET_1' }), fired('l', { rule: 'LOUD' }))
    await untilTold('LOUD', ['new: l firing'])
    await until('the silenced one has been looked at', async () => {
      await pass()
      return ((await environment.tally('notifier'))['timer/muted'] ?? 0) > 1
    })
    assert.deepEqual(linesOf(await told(), 'QUIET_1'), [])
    const listed = JSON.parse((await silence('list', '--json')).stdout)
    assert.deepEqual(
      listed.silences.map((one: { id: string; state: string; author: string }) => [
        one.id,
        one.state,
        one.author,
      ]),
      [[id, 'active', userOfMachine()]],
    )
    assert.equal((await silence('end', id, '--comment', 'done')).status, 0)
    await untilTold('QUIET_1', ['new: q firing'])
    assert.match((await silence('end', id)).stderr, /^Nothing was changed: no active or scheduled silence/)
    assert.match((await silence('list')).stdout, /No matching silences/)
  })

  it('given all that, then no record of the two topics has failed', async () => {
    assert.deepEqual(await environment.read('failures'), [])
  })
})
