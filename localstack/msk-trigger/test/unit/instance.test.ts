import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { Instance } from '../../invoke/instance.ts'
import type { Runtime } from '../../invoke/runtimes/runtime.ts'
import { HandlerError, RuntimeEnded } from '../../invoke/runtimes/runtime.ts'

const TIMEOUT_MS = 3_000
const LOADING_MS = 10_000

/** A runtime whose handler is loaded and answers when the test says so. */
function given() {
  const loading = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<unknown>()
  const ended = Promise.withResolvers<RuntimeEnded>()
  const events: string[] = []
  const runtime: Runtime = {
    isComputing: false,
    ended: ended.promise,
    load: () => loading.promise,
    invoke: async () => {
      events.push('invoked')
      return answer.promise
    },
    close: async () => {
      events.push('closed')
    },
  }
  const instance = new Instance(runtime, error => events.push(`told: ${error.message}`))
  return { instance, loading, answer, ended, events }
}

describe('an instance that loads its handler', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }))
  afterEach(() => mock.timers.reset())

  /** Lets timers expire, and what follows from it happen. */
  const pass = async (ms: number) => {
    mock.timers.tick(ms)
    await new Promise(setImmediate)
  }

  it('given that it takes longer than the timeout, then the invocation has all of its time afterwards', async () => {
    const { instance, loading, answer, events } = given()
    const invoked = instance.invoke({ event: { json: () => '{}' }, requestId: randomUUID() }, TIMEOUT_MS)
    await pass(LOADING_MS - 1)
    assert.deepEqual(events, [])
    loading.resolve()
    await pass(TIMEOUT_MS - 1)
    answer.resolve('late')
    assert.equal(await invoked, 'late')
  })

  it('given that it takes longer than Lambda allows, then the time of the invocation begins', async () => {
    const { instance, events } = given()
    const invoked = instance.invoke({ event: { json: () => '{}' }, requestId: randomUUID() }, TIMEOUT_MS)
    const failed = assert.rejects(invoked, /timeout: the handler took longer than 3000 ms/)
    await pass(LOADING_MS)
    assert.deepEqual(events, ['invoked'])
    await pass(TIMEOUT_MS)
    await failed
    assert.deepEqual(events, ['invoked', 'closed'])
  })

  it('given that it fails, then the invocation fails with that error, and the instance is kept', async () => {
    const { instance, loading, events } = given()
    const invoked = instance.invoke({ event: { json: () => '{}' }, requestId: randomUUID() }, TIMEOUT_MS)
    loading.reject(new HandlerError({ errorType: 'KeyError', errorMessage: 'x', trace: [] }))
    await assert.rejects(invoked, HandlerError)
    assert.equal(instance.isBroken, false)
    assert.deepEqual(events, [])
  })

  it('given that it ends meanwhile, then the invocation fails at once', async () => {
    const { instance, ended, events } = given()
    const invoked = instance.invoke({ event: { json: () => '{}' }, requestId: randomUUID() }, TIMEOUT_MS)
    ended.resolve(new RuntimeEnded('it ended'))
    await assert.rejects(invoked, /it ended/)
    assert.deepEqual(events, ['closed'])
  })
})
