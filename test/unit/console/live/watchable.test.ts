import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { object } from 'valibot'
import type { ConsoleHono } from '../../../../console/access/person.ts'
import type { ConsoleEnvironment } from '../../../../console/environment.ts'
import { watchable } from '../../../../console/live/watchable.ts'
import { Unavailable } from '../../../../packages/runtime/pipeline/errors.ts'

const STREAMS = { streams: true } as ConsoleEnvironment

/** The first messages of a stream whose question fails or answers in this order, and the errors that were logged. */
async function heard(answers: readonly unknown[], address = '/figures/live'): Promise<[unknown[], string[]]> {
  const told: string[] = []
  const left = [...answers]
  const routes = new Hono<ConsoleHono>()
  routes.use((context, next) => {
    context.set('person', { name: 'ada', role: 'viewer' })
    context.set('told', error => told.push((error as Error).message))
    return next()
  })
  watchable(routes, '/figures', { query: object({}), everyMs: 1, environment: STREAMS }, async () => {
    const next = left.length > 1 ? left.shift() : left[0]
    if (next instanceof Error) throw next
    return next
  })
  const leaving = new AbortController()
  const response = await routes.request(`http://console.test${address}`, { signal: leaving.signal })
  const messages: unknown[] = []
  const distinct = new Set(answers.map(answer => String(answer))).size
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    for (const [, data] of chunk.matchAll(/^data: (.*)$/gm)) messages.push(JSON.parse(data ?? ''))
    if (messages.length >= distinct) break
  }
  leaving.abort()
  return [messages, told]
}

describe('a question that can be watched', () => {
  it('given answers, then the stream has each that differs from the one before', async () => {
    assert.deepEqual(await heard([1, 1, 2], '/figures/live?a'), [[{ answer: 1 }, { answer: 2 }], []])
  })

  it('given a server that is away, then the stream says so, and nothing is logged', async () => {
    const away = new Unavailable('broker-unavailable', 'Kafka does not answer')
    const problem = { code: 'unavailable', message: 'Kafka does not answer' }
    assert.deepEqual(await heard([away, 1], '/figures/live?b'), [[{ problem }, { answer: 1 }], []])
  })

  it('given a fault of Sluice, then it is logged once, and its message does not leave the server', async () => {
    const fault = new TypeError('secret')
    const [[first], told] = await heard([fault, fault, fault, 1], '/figures/live?c')
    assert.deepEqual(told, ['secret'])
    assert.equal((first as { problem: { code: string } }).problem.code, 'fault')
    assert.ok(!JSON.stringify(first).includes('secret'))
  })

  it('given a session that ends, then the stream ends with it', async t => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let isSignedIn = true
    const routes = new Hono<ConsoleHono>()
    routes.use((context, next) => {
      context.set('person', { name: 'ada', role: 'viewer' })
      context.set('told', () => {})
      context.set('isStillSignedIn', async () => isSignedIn)
      return next()
    })
    watchable(routes, '/figures', { query: object({}), everyMs: 60_000, environment: STREAMS }, async () => 1)
    const response = await routes.request('http://console.test/figures/live?d')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    assert.match((await reader?.read())?.value ?? '', /^data: /)
    t.mock.timers.tick(5_000)
    assert.match((await reader?.read())?.value ?? '', /still here/)
    isSignedIn = false
    t.mock.timers.tick(5_000)
    assert.equal((await reader?.read())?.done, true)
  })

  it('given HEAD, then its headers are answered without a stream, and nothing is asked', async () => {
    let asked = 0
    const routes = new Hono<ConsoleHono>()
    watchable(routes, '/figures', { query: object({}), everyMs: 1, environment: STREAMS }, async () => {
      asked += 1
    })
    // More than there may be streams.
    for (let times = 0; times < 101; times++) {
      const { status, headers, body } = await routes.request('/figures/live?d', { method: 'HEAD' })
      assert.deepEqual([status, headers.get('content-type'), body], [200, 'text/event-stream', null])
    }
    assert.equal(asked, 0)
  })
})
