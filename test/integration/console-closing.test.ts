/** A console that is closed leaves nothing open, whatever is under way. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { servedConsole } from '../support/console.ts'
import { TestEnvironment } from '../support/environment.ts'
import { listRoutes } from '../unit/console/access/support.ts'

/** The number of answers after which each console is closed: while it connects, while it asks, and later. */
const AFTER_ANSWERS = [0, 1, 2, 4, 8, 16]

describe('a console that is closed', () => {
  let environment: TestEnvironment

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(() => environment?.close())

  for (const answers of AFTER_ANSWERS)
    it(`given every question under way, of which ${answers} are answered, then no connection is left`, async () => {
      const served = await servedConsole({ env: environment.name })
      const before = openConnections()
      const paths = listRoutes(served.app)
        .filter(route => route.startsWith('GET /api/'))
        .map(route => route.replace('GET /api', '').replaceAll(/:\w+/g, environment.topic('readings')))
      assert.ok(paths.length >= answers, `${paths.length} questions`)
      const moment = Promise.withResolvers<void>()
      let answered = 0
      const answer = () => {
        if (answered >= answers) moment.resolve()
        answered += 1
      }
      answer()
      const asked = paths.map(path => served.request(path).then(answer, () => {}))
      await moment.promise
      // Questions may fail by it, and the console reports that.
      await served.close().catch(() => {})
      await Promise.all(asked)
      await until('its connections are closed', async () => openConnections() <= before)
    })
})

function openConnections(): number {
  return process.getActiveResourcesInfo().filter(kind => kind === 'TCPSocketWrap').length
}
