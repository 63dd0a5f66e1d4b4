/** A console that is closed leaves nothing open, whatever is under way. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { until } from '../support/until.ts'
import { routesOf } from '../unit/console/access/support.ts'

/** How long after the questions each console is closed: while it connects, while it asks, and later. */
const AFTER_MS = [0, 5, 20, 50, 100, 200, 400]

describe('a console that is closed', () => {
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(() => environment?.close())

  for (const ms of AFTER_MS)
    it(`given every question under way for ${ms} ms, then no connection is left`, async () => {
      const served = await servedConsole({ env: environment.name })
      const before = openConnections()
      const paths = routesOf(served.app)
        .filter(route => route.startsWith('GET /api/'))
        .map(route => route.replace('GET /api', '').replaceAll(/:\w+/g, environment.topic('readings')))
      assert.ok(paths.length > 0)
      const asked = paths.map(path => served.request(path).catch(() => {}))
      await pause(ms)
      // Questions may fail by it, and the console tells so.
      await served.close().catch(() => {})
      await Promise.all(asked)
      await until('its connections are closed', async () => openConnections() <= before)
    })
})

function openConnections(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
}
