/** How long a notification takes on real servers, where nothing but the clock moves the log on. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, it } from 'node:test'
import { emitAlert } from '../../lib/alerting/alert.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Offline } from '../support/offline.ts'
import { collectEmission } from '../support/step-calls.ts'
import { until } from '../support/until.ts'
import { writtenMessage } from '../support/written-message.ts'
import { createEvent, fired } from '../unit/notification/support.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-delay-'))
const toldAtMs: number[] = []
const server = createServer((request, response) => {
  toldAtMs.push(Date.now())
  request.resume().on('end', () => response.end('ok'))
})
let environment: TestEnvironment
let offline: Offline

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeFileSync(
    join(folder, 'receivers.yaml'),
    'receivers: [{ name: hook, kind: webhook, secret: hook, allowPrivate: true }]\n',
  )
  writeFileSync(
    join(folder, 'routes.yaml'),
    'routes: [{ name: all, receivers: [hook], groupWait: 5s, groupBy: [rule] }]\n',
  )
  environment = await TestEnvironment.create()
  const secrets = { RECEIVER_SECRETS: JSON.stringify({ hook: { url } }) }
  offline = await Offline.start(
    environment.name,
    { NOTIFICATIONS_DIR: folder, ...secrets },
    { only: ['clock', 'notifier', 'deliver'] },
  )
})

after(async () => {
  await offline?.stop()
  await environment?.close()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

async function alertIs(id: string): Promise<void> {
  const emission = collectEmission(step =>
    emitAlert(step, fired(id, { rule: id }), { entity: `/environment/oslo ${id}` }),
  )
  await environment.client.send(environment.topic('alerts'), [writtenMessage(createEvent(emission, 0))])
}

it('given a wait of 5 s and no other records, then the notification leaves within 10 s after it', async () => {
  await offline.invoke('clock')
  await alertIs('WARM')
  await environment.untilCaughtUp('notifier')

  // The run lasts for most of a minute, or until the functions are stopped.
  const event = { 'detail-type': 'Scheduled Event', time: new Date().toISOString() }
  void offline.invoke('clock', event).catch(() => {})
  await until('the functions have begun', async () => toldAtMs.length > 0)
  await alertIs('TIMED')
  await until('the webhook is called', async () => toldAtMs.length > 1)
  const [written] = (await environment.read('alerts')).filter(({ value }) => String(value).includes('TIMED'))
  const passedMs = (toldAtMs[1] ?? 0) - Number(written?.timestamp)
  assert.ok(passedMs >= 5_000 && passedMs <= 15_000, `the notification took ${passedMs} ms`)
})
