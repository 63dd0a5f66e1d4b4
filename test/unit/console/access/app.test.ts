import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { createLocalAccess, createMetricsAccess } from '../../../../console/access/access.ts'
import { FailedSignIns } from '../../../../console/access/failed-sign-ins.ts'
import { requireMetricsToken } from '../../../../console/access/guard.ts'
import type { ConsoleHono } from '../../../../console/http/person.ts'
import { sendProblem } from '../../../../console/http/problem.ts'
import { createConsole, listRoutes, localConsole, readJson, TOKEN } from './support.ts'

const BEARER = { authorization: `Bearer ${TOKEN}` }
const JSON_BODY = { 'content-type': 'application/json' }

/** Requests that change nothing and cost little although they have a body: a viewer may ask them. */
const QUESTIONS = new Set(['POST /api/operations/plan'])

/** A path of this route: whatever a parameter may be. */
const getPath = (route: string) =>
  route
    .replace(/^\S+ /, '')
    .replaceAll(/:\w+(\{[^}]*\})?/g, 'x')
    .replace('*', 'x')

describe('every route of the API', () => {
  const routes = listRoutes(localConsole().app).filter(route => route.includes(' /api/'))

  it('is looked at: there are routes', () => assert.ok(routes.length > 0))

  for (const route of routes) {
    const method = route.split(' ')[0] ?? ''
    const init = method === 'GET' ? {} : { method, body: '{}' }

    // Promise docs/console.md#what-protects-it | Nothing is served without a token, to a foreign page, or with foreign scripts; sessions end.
    it(`given no session, then ${route} is refused`, async () => {
      const headers = method === 'GET' ? {} : { ...JSON_BODY, authorization: 'Bearer wrong' }
      assert.equal((await localConsole().ask(getPath(route), headers, init)).status, 401)
    })

    it(`given a foreign page, then ${route} is refused`, async () => {
      const headers = { ...BEARER, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }
      assert.equal((await localConsole().ask(getPath(route), headers, init)).status, 403)
    })

    it(`given another page's ${route} in other letters, then it is refused`, async () => {
      const headers = { ...BEARER, 'sec-fetch-site': 'cross-site' }
      const path = getPath(route).replace('/api', '/%61pi')
      assert.equal((await localConsole().ask(path, headers, init)).status, 403)
    })

    if (method !== 'GET' && !QUESTIONS.has(route))
      // Promise docs/console.md#who-may-do-what | A viewer can change nothing.
      it(`given a viewer, then ${route} is refused, as it changes something or takes a processor for itself`, async () => {
        const answer = await localConsole('viewer').ask(getPath(route), { ...BEARER, ...JSON_BODY }, init)
        assert.equal(answer.status, 403)
        assert.match((await readJson(answer)).message, /^This requires the operator role/)
      })
  }
})

describe('the metrics', () => {
  const METRICS_TOKEN = 'a-token-that-only-reads-metrics'
  const createAccess = (host: string, token?: string) =>
    createLocalAccess(TOKEN, { name: 'ada', role: 'viewer' }, ['console'], createMetricsAccess(host, token))
  const cases: [
    given: string,
    host: string,
    token: string | undefined,
    asked: string | undefined,
    status: number,
  ][] = [
    ['the loopback address', '127.0.0.1', undefined, undefined, 200],
    ['the loopback address and a token', '127.0.0.1', METRICS_TOKEN, undefined, 401],
    ['another address', '0.0.0.0', undefined, undefined, 401],
    ['another address and no token asked', '0.0.0.0', METRICS_TOKEN, undefined, 401],
    ['another token', '0.0.0.0', METRICS_TOKEN, 'another', 401],
    ['their token', '0.0.0.0', METRICS_TOKEN, METRICS_TOKEN, 200],
    ['the token of the console', '0.0.0.0', METRICS_TOKEN, TOKEN, 200],
  ]
  for (const [given, host, token, asked, status] of cases)
    it(`given ${given}, then ${status}`, async () => {
      const failures: unknown[] = []
      const failed = new FailedSignIns({ report: failure => failures.push(failure) })
      const app = new Hono<ConsoleHono>()
      app.onError((error, context) => sendProblem(context, error, () => {}))
      app.get('/metrics', requireMetricsToken(createAccess(host, token), failed), context =>
        context.text('metrics'),
      )
      const headers = new Headers(asked ? { authorization: `Bearer ${asked}` } : {})
      const answer = await app.request('/metrics', { headers })
      assert.equal(answer.status, status)
      if (status === 401) assert.match((await readJson(answer)).message, /SLUICE_METRICS_TOKEN/)
      assert.equal(failures.length, asked === 'another' ? 1 : 0)
    })

  it('given their token, then it opens nothing else', async () => {
    const { ask, failures } = createConsole(createAccess('0.0.0.0', METRICS_TOKEN))
    assert.equal((await ask('/api/overview', { authorization: `Bearer ${METRICS_TOKEN}` })).status, 401)
    assert.equal(failures.length, 1)
  })

  it('given a foreign page or name, then they are refused, also where they need no token', async () => {
    assert.equal((await localConsole().ask('/metrics', { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await localConsole().ask('/metrics', { host: 'console:8050' })).status, 403)
    const ofContainer = createConsole(createAccess('0.0.0.0'))
    assert.equal((await ofContainer.ask('/metrics', { host: 'console:8050' })).status, 401)
  })
})

describe('every answer', () => {
  const cases: [string, string, Record<string, string>, number][] = [
    ['a page', '/', BEARER, 200],
    ['the sign-in page', '/', {}, 401],
    ['a refusal', '/', { host: 'evil.example' }, 403],
    ['an answer of the API', '/api/environment', BEARER, 200],
    ['what the API does not have', '/api/nothing', BEARER, 404],
    ['a file that is not there', '/assets/nothing.js', {}, 404],
  ]
  for (const [what, path, headers, status] of cases)
    it(`given ${what}, then browsers run own scripts alone, and frame nothing`, async () => {
      const answer = await localConsole().ask(path, headers)
      assert.equal(answer.status, status)
      const policy = (answer.headers.get('content-security-policy') ?? '').split('; ').sort()
      assert.deepEqual(policy, [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "script-src 'self'",
        "style-src 'self'",
      ])
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(answer.headers.get('x-frame-options'), 'DENY')
      assert.equal(answer.headers.get('referrer-policy'), 'same-origin')
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
    })

  it('given answers of the API and pages, then nothing keeps them; files that never change are kept', async () => {
    const { ask, page } = localConsole()
    for (const path of ['/', '/api/environment', '/api/nothing'])
      assert.equal((await ask(path, BEARER)).headers.get('cache-control'), 'no-store', path)
    assert.equal((await ask('/')).headers.get('cache-control'), 'no-store')
    assert.match((await ask(page.styleAt)).headers.get('cache-control') ?? '', /immutable/)
  })

  it('given a browser that translates, then the page is left alone, so that its figures keep changing', async () => {
    assert.match(await (await localConsole().ask('/', BEARER)).text(), /<html lang="en" translate="no">/)
  })

  it('given a browser that inflates, then a long answer comes deflated', async () => {
    const answer = await localConsole().ask('/', { ...BEARER, 'accept-encoding': 'gzip' })
    assert.equal(answer.headers.get('content-encoding'), 'gzip')
  })

  it('given no session, then a body is not read', async () => {
    const chunk = new Uint8Array(1024)
    let chunks = 0
    const pull = (body: ReadableStreamDefaultController) => {
      chunks += 1
      body.enqueue(chunk)
    }
    for (const [path, status, most] of [
      ['/api/environment', 401, 1],
      ['/sign-in', 413, 6],
    ] as const) {
      chunks = 0
      const body = new ReadableStream({ pull })
      const init = { method: 'POST', body, duplex: 'half' }
      const answer = await localConsole().ask(path, { 'sec-fetch-site': 'same-origin' }, init as RequestInit)
      assert.equal(answer.status, status, path)
      assert.ok(chunks <= most, `${path} read ${chunks} KiB`)
    }
  })

  it('given a body of many megabytes, then it is refused before it is read', async () => {
    const body = 'x'.repeat(5 * 1024 * 1024)
    const headers = { ...BEARER, ...JSON_BODY, 'content-length': String(body.length) }
    const answer = await localConsole().ask('/api/environment', headers, { method: 'POST', body })
    assert.equal(answer.status, 413)
    assert.deepEqual(await answer.json(), {
      code: 'too-large',
      message: 'The request is too large. The limit is 1024 KiB.',
    })
  })
})
