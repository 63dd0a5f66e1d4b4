import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { type HttpServer, startHttpServer } from '@sluice/test-kit/http-server'
import { until } from '@sluice/test-kit/until'
import type { IHeaders } from 'kafkajs'
import { createRedrivenRecord } from '#runtime/cloudevents'
import { emitAlert } from '../../lib/alerting/alert.ts'
import type { Retry } from '../../lib/failures/dlq-router.ts'
import type { Notification } from '../../lib/notification/notification.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { readEvent } from '../support/sdk-reader.ts'
import { collectEmission } from '../support/step-calls.ts'
import { writtenMessage } from '../support/written-message.ts'
import { alert, notified } from '../unit/notification/messages.ts'
import { createEvent, fired } from '../unit/notification/support.ts'
import { AlertsQueue } from './alerts-queue.ts'

const RECEIVERS = `receivers:
  - { name: sns, kind: sns }
  - { name: hook, kind: webhook, secret: hook, allowPrivate: true }
  - { name: hanging, kind: webhook, secret: hanging, allowPrivate: true, timeout: 1s }
`
const KEY = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

describe('notifications on their way to people', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-notifications-'))
  const got: { url: string | undefined; headers: IncomingHttpHeaders; body: string }[] = []
  let hangs = true
  let server: HttpServer
  const listIds = () => got.map(({ headers }) => headers['webhook-id'])
  let variables: Record<string, string>
  let environment: TestEnvironment
  let offline: Offline
  let queue: AlertsQueue

  before(async () => {
    server = await startHttpServer(async (request, response) => {
      const body = await text(request)
      // Accepts every request, and never answers.
      if (request.url === '/hanging' && hangs) return
      got.push({ url: request.url, headers: request.headers, body })
      response.end('ok')
    })
    const secrets = {
      hook: { url: `${server.url}/hook`, signingSecret: `whsec_${KEY}` },
      hanging: { url: `${server.url}/hanging` },
    }
    writeFileSync(join(folder, 'receivers.yaml'), RECEIVERS)
    writeFileSync(
      join(folder, 'routes.yaml'),
      'routes: [{ name: all, receivers: [hook], groupWait: 5s, groupBy: [rule] }]\n',
    )
    variables = { NOTIFICATIONS_DIR: folder, RECEIVER_SECRETS: JSON.stringify(secrets) }
    environment = await TestEnvironment.create()
    queue = await AlertsQueue.subscribed(environment.name, {
      severity: ['critical'],
      reason: ['new', 'test'],
    })
    offline = await Offline.start(environment.name, variables)
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    await server?.close()
    rmSync(folder, { recursive: true })
  })

  const send = (id: string, changes: Partial<Notification>) =>
    environment.client.send(environment.topic('notifications'), [
      writtenMessage({ ...notified(id, changes), time: new Date(Date.now()).toISOString() }),
    ])

  it('given a webhook that hangs, then SNS and the other webhook get all of theirs, each once', async () => {
    await send('n1', { receivers: ['sns', 'hook', 'hanging'] })
    await send('n2', { receivers: ['sns', 'hook'], alerts: [alert('mild', { severity: 'info' })] })
    await send('n3', { receivers: ['hook'], group: 'site=bergen' })
    await environment.untilTrimmed()

    assert.deepEqual(listIds().sort(), ['n1', 'n2', 'n3'])
    assert.deepEqual(await environment.tally('deliver'), {
      'applied/delivered': 2,
      'failed/not-accepted': 1,
    })
  })

  /** Brings a failure back as the redriver does when its time has come. */
  const redrive = async (failure: Retry | undefined) => {
    assert.ok(failure)
    const { topic, partition, key, value, headers } = createRedrivenRecord(failure)
    await environment.client.send(topic, [
      { partition, key, value, headers: Object.fromEntries(headers) as IHeaders },
    ])
  }

  // Promise docs/notifications.md#slow-and-dead-receivers
  it('when the retry comes, then it reaches that receiver alone', async () => {
    hangs = false
    try {
      const [failure] = (await environment.read('retry-1m')).map(record => readEvent(record).data as Retry)
      await redrive(failure)
      await until('the retry is accepted', () => listIds().filter(id => id === 'n1').length === 2)
      await environment.untilTrimmed()
      assert.deepEqual(got.map(({ url, headers }) => `${url} ${headers['webhook-id']}`).sort(), [
        '/hanging n1',
        '/hook n1',
        '/hook n2',
        '/hook n3',
      ])
    } finally {
      hangs = true
    }
  })

  it('then a queue gets from the topic what its filter policy lets through', async () => {
    // The second was published before the marker: once that is here, it would be.
    await send('marker', { receivers: ['sns'] })
    const readId = ({ Message }: { Message: string }) => JSON.parse(Message).data.notificationId
    await until('the marker is in the queue', async () => {
      await queue.receive()
      return queue.received.some(envelope => readId(envelope) === 'marker')
    })
    assert.deepEqual(queue.received.map(readId).sort(), ['marker', 'n1'])
    const [first] = queue.received.filter(envelope => readId(envelope) === 'n1')
    assert.equal(first?.Subject, `[FIRING: 1] HIGH_TEMP (critical) ${environment.name}`)
    assert.deepEqual(first?.MessageAttributes.rules, { Type: 'String.Array', Value: '["HIGH_TEMP"]' })
    assert.deepEqual(first?.MessageAttributes.severity, { Type: 'String', Value: 'critical' })
  })

  // Promise docs/notifications.md#when-a-notification-is-sent
  it('given a wait of 5 s and no other records, then the notification leaves within 10 s after it', async () => {
    const fire = async (rule: string) => {
      const emission = collectEmission(step =>
        emitAlert(step, fired(rule, { rule }), { entity: `/environment/oslo ${rule}` }),
      )
      const message = writtenMessage(createEvent(emission, 0))
      await environment.client.send(environment.topic('alerts'), [message])
    }
    const before = got.length
    await offline.invoke('clock')
    const firedAtMs = Date.now()
    await fire('WARM')
    await environment.untilCaughtUp('notifier')
    const machineMs = Date.now() - firedAtMs

    // The run lasts for most of a minute, or until the functions are stopped.
    const event = { 'detail-type': 'Scheduled Event', time: new Date().toISOString() }
    void offline.invoke('clock', event).catch(() => {})
    await until('the functions have begun', () => got.length > before)
    await fire('TIMED')
    await until('the webhook is called', () => got.length > before + 1)
    const toldAtMs = Date.now()
    const [written] = (await environment.read('alerts')).filter(({ value }) =>
      String(value).includes('TIMED'),
    )
    const passedMs = toldAtMs - Number(written?.timestamp)
    // A busy machine needs as long again for this alert as for the one before.
    const isInTime = passedMs >= 5_000 && passedMs <= 15_000 + machineMs
    assert.ok(isInTime, `the notification took ${passedMs} ms, the alert before ${machineMs} ms`)
  })
})
