import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReconnectingClient } from '../../../adapters/kafka/reconnecting-client.ts'

const MINUTE = 60_000

describe('a client that reconnects', () => {
  it('given one use after another, then they share a client, and after a drop there is another', async () => {
    const { reconnecting, opened, closed } = clients()
    const used = [await reconnecting.use(name), await reconnecting.use(name)]
    await reconnecting.drop()
    used.push(await reconnecting.use(name))
    assert.deepEqual(used, ['client 1', 'client 1', 'client 2'])
    assert.deepEqual({ opened: opened.length, closed }, { opened: 2, closed: ['client 1'] })
  })

  it('given more than two minutes without a use, then the next one gets another client', async () => {
    const { reconnecting, clock, closed } = clients()
    await reconnecting.use(name)
    clock.nowMs += 2 * MINUTE
    assert.equal(await reconnecting.use(name), 'client 1')
    clock.nowMs += 2 * MINUTE + 1
    assert.equal(await reconnecting.use(name), 'client 2')
    assert.deepEqual(closed, ['client 1'])
  })

  it('given work that takes more than two minutes, then it is not idle, and others share its client', async () => {
    const { reconnecting, clock, closed } = clients()
    const work = Promise.withResolvers<void>()
    const used = reconnecting.use(() => work.promise)
    clock.nowMs += 3 * MINUTE
    assert.equal(await reconnecting.use(name), 'client 1')
    work.resolve()
    await used
    clock.nowMs += MINUTE
    assert.equal(await reconnecting.use(name), 'client 1')
    assert.deepEqual(closed, [])
  })

  it('given work under way at a drop, then its client is closed at once, and again when the work has ended', async () => {
    const { reconnecting, closed } = clients()
    const work = Promise.withResolvers<void>()
    const used = reconnecting.use(() => work.promise)
    await reconnecting.drop()
    assert.deepEqual(closed, ['client 1'])
    assert.equal(await reconnecting.use(name), 'client 2')
    work.resolve()
    await used
    await reconnecting.close()
    assert.deepEqual(closed, ['client 1', 'client 2', 'client 1'])
  })

  it('given work under way at the end, then closing waits for it, and nothing is opened any more', async () => {
    const { reconnecting, opened, closed } = clients()
    const work = Promise.withResolvers<void>()
    const used = reconnecting.use(() => work.promise)
    let isClosed = false
    const closing = reconnecting.close().then(() => {
      isClosed = true
    })
    await assert.rejects(reconnecting.use(name), { name: 'Unavailable', message: /was closed/ })
    assert.equal(isClosed, false)
    work.resolve()
    await Promise.all([used, closing])
    assert.deepEqual({ opened: opened.length, closed }, { opened: 1, closed: ['client 1', 'client 1'] })
  })
})

const name = async (client: string) => client

function clients() {
  const opened: string[] = []
  const closed: string[] = []
  const clock = { nowMs: 10 * MINUTE }
  const reconnecting = new ReconnectingClient(
    async () => {
      return `client ${opened.push('')}`
    },
    async client => {
      closed.push(client)
    },
    () => clock.nowMs,
  )
  return { reconnecting, opened, closed, clock }
}
