/** The console's page about notifications, on real servers: what was sent, and what came of it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { NotificationsAnswer } from '../../console/api/alerts/notifications.ts'
import { NOTIFICATION_TYPE, type Notification } from '../../lib/notification/notification.ts'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { logRecordOf } from '../../packages/runtime/adapters/kafka/messages.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisStateStore } from '../../packages/runtime/adapters/redis/state-store.ts'
import { writeEvent } from '../../packages/runtime/cloudevents/writer.ts'
import { decided, type KeyedProcess, rejected } from '../../packages/runtime/consumer/process.ts'
import { KafkaPublisher } from '../../packages/runtime/producer/publisher.ts'
import { TestBrowser } from '../support/browser.ts'
import { type ServedConsole, servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { brokers, redisUrl } from '../support/servers.ts'
import { Stage } from '../support/stage.ts'
import { until } from '../support/until.ts'
import { fired } from '../unit/notification/support.ts'

const NOTIFICATION: Notification = {
  notificationId: 'n-1',
  group: 'all{rule="HIGH_TEMP"}',
  groupLabels: { rule: 'HIGH_TEMP' },
  status: 'firing',
  reason: 'new',
  receivers: ['sns', 'pager'],
  alerts: [fired('a-1')],
  omitted: 2,
}

describe('notifications in the console', () => {
  const redis = new RedisClient({ url: redisUrl() })
  const publisher = new KafkaPublisher(kafkaClient({ brokers: brokers(), clientId: 'test', auth: 'none' }))
  let environment: TestEnvironment
  let served: ServedConsole

  before(async () => {
    environment = await TestEnvironment.create()
    served = await servedConsole({ env: environment.name })
    const event = { id: 'n-1', source: '/notification', type: NOTIFICATION_TYPE, data: NOTIFICATION }
    const { value, headers } = writeEvent({ ...event, time: new Date().toISOString() })
    const message = { key: NOTIFICATION.group, value, headers: Object.fromEntries(headers) }
    await environment.client.send(environment.topic('notifications'), [message])
  })

  after(async () => {
    redis.close()
    const open = [served, publisher, environment]
    await Promise.all(open.map(one => one?.close()))
  })

  /** Lets a consumer with the name of a sink come to the end of the topic. */
  async function passed(name: string, refusal?: string): Promise<void> {
    const process: KeyedProcess<object> = {
      name,
      accepts: [NOTIFICATION_TYPE],
      onEvent: () => (refusal === undefined ? decided('delivered', undefined) : rejected(refusal)),
    }
    const stage = new Stage(process as never, { store: new RedisStateStore(redis), publisher })
    stage.consumer = { ...stage.consumer, env: environment.name }
    const topic = environment.topic('notifications')
    const records = await environment.read('notifications')
    await stage.batch(records.map(one => logRecordOf(topic, one.partition, one)))
  }

  async function outcomes(): Promise<string[]> {
    const { notifications } = await served.ask<NotificationsAnswer>('/alerts/notifications')
    return notifications.flatMap(one => one.outcomes.map(({ sink, state }) => `${sink} ${state}`))
  }

  it('given a notification, then it waits for its sinks, until they have passed it or failed', async () => {
    assert.deepEqual(await outcomes(), ['notify-sns waiting', 'notify-webhook waiting'])
    await passed('notify-sns')
    await passed('notify-webhook', 'pager: status 404')
    // An answer is kept for a moment.
    await until('the sinks have passed it', async () => !(await outcomes()).join().includes('waiting'))
    assert.deepEqual(await outcomes(), ['notify-sns passed', 'notify-webhook failed'])
    const none = await served.ask<NotificationsAnswer>('/alerts/notifications?alert=a-2')
    assert.equal(none.total, 0)
  })

  it('given a browser, then a person sees to whom it was sent, and goes to its alert', async () => {
    const browser = await TestBrowser.launch()
    try {
      const visit = await browser.visit(served.address('/alerts'), { width: 390 })
      const { page } = visit
      await page.getByRole('link', { name: 'Notifications' }).click()
      await page.getByRole('cell', { name: 'sns, pager' }).waitFor()
      await page.getByText('pager: status 404').waitFor()
      await page.getByText('and 2 others').waitFor()
      assert.deepEqual([await visit.isTooWide(), await visit.obstacles()], [false, []])
      await page.getByRole('link', { name: 'HIGH_TEMP' }).click()
      await page.waitForURL('**/alerts?alert=a-1')
      await visit.close()
    } finally {
      await browser.close()
    }
  })
})
