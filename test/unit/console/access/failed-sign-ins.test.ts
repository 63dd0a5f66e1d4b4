import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { createLocalAccess } from '../../../../console/access/access.ts'
import { FailedSignIns } from '../../../../console/access/failed-sign-ins.ts'
import type { ConsoleHono } from '../../../../console/http/person.ts'
import { sendProblem } from '../../../../console/http/problem.ts'
import { BASE, localConsole, TOKEN } from './support.ts'

/** Tries unknown tokens. Returns the delay of each answer, and the reports. */
function refusing() {
  const [delays, routes, clock]: [number[], string[], { nowMs: number }] = [[], [], { nowMs: 0 }]
  let goOn = () => {}
  const gate = { isOpen: true }
  const failed = new FailedSignIns({
    report: ({ route }) => routes.push(route),
    now: () => clock.nowMs,
    wait: async ms => {
      delays.push(ms)
      if (!gate.isOpen) await new Promise<void>(resolve => (goOn = resolve))
    },
  })
  const app = new Hono<ConsoleHono>()
  app.onError((error, context) => sendProblem(context, error, () => {}))
  app.get('/secret/:name', async context => {
    await failed.add(context)
    return context.text('no')
  })
  return { delays, routes, clock, gate, goOn: () => goOn(), ask: () => app.request('/secret/oslo') }
}

describe('failed sign-ins', () => {
  it('given one after another, then each is reported by its route and answered later, up to a second', async () => {
    const { delays, routes, clock, ask } = refusing()
    for (let count = 0; count < 8; count += 1) await ask()
    assert.deepEqual(delays, [250, 500, 1000, 1000, 1000, 1000, 1000, 1000])
    assert.deepEqual(new Set(routes), new Set(['/secret/:name']))
    clock.nowMs = 60_000
    await ask()
    assert.equal(delays.at(-1), 250)
  })

  it('given many at once, then five wait and the others are refused, until one was answered', async () => {
    const { gate, routes, goOn, ask } = refusing()
    gate.isOpen = false
    const waiting = Array.from({ length: 5 }, ask)
    assert.equal((await ask()).status, 429)
    assert.equal(routes.length, 5)
    goOn()
    gate.isOpen = true
    await Promise.any(waiting)
    assert.equal((await ask()).status, 200)
  })
})

describe('the console', () => {
  const page = { origin: BASE, 'sec-fetch-site': 'same-origin' }
  const form = { ...page, 'content-type': 'application/x-www-form-urlencoded' }
  const cases: [string, string, Record<string, string>, RequestInit][] = [
    ['the form', '/sign-in', form, { method: 'POST', body: 'token=wrong' }],
    ['a header', '/api/environment', { authorization: 'Bearer wrong' }, {}],
    ['a header for a page', '/alerts', { authorization: 'Bearer wrong' }, {}],
    ['the address', '/?token=wrong', {}, {}],
  ]
  // Promise docs/console.md#in-an-account | The console has one token; wrong ones are reported and delayed. The former variables are named.
  for (const [what, path, headers, init] of cases)
    it(`given a wrong token in ${what}, then a failed sign-in is reported, without the token`, async () => {
      const { ask, failures } = localConsole()
      assert.equal((await ask(path, headers, init)).status, 401)
      assert.equal(failures.length, 1)
      assert.doesNotMatch(JSON.stringify(failures), /wrong/)
    })

  it('given no token, or a session that is over, then no sign-in has failed', async () => {
    const { cookieName } = createLocalAccess(TOKEN, { name: 'ada', role: 'operator' })
    const { ask, failures } = localConsole()
    await ask('/api/environment')
    await ask('/api/environment', { cookie: `${cookieName}=over` })
    assert.deepEqual(failures, [])
  })
})
