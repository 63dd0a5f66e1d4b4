import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { Instance } from '../../invoke/instance.ts'
import { HandlerError, NotBegun, type Runtime, RuntimeEnded } from '../../invoke/runtimes/runtime.ts'
import { pass, settled } from './support.ts'

const TIMEOUT_MS = 3_000
const LOADING_MS = 10_000

const invocation = () => ({ event: { json: () => '{}' }, requestId: randomUUID(), timeoutMs: TIMEOUT_MS })

/** A runtime whose handler is loaded and answers when the test says so. */
function given(isComputing = false) {
  const loading = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<unknown>()
  const ended = Promise.withResolvers<RuntimeEnded>()
  const events: string[] = []
  const runtime: Runtime = {
    isComputing,
    termination: ended.promise,
    load: () => loading.promise,
    invoke: async () => {
      events.push('invoked')
      return answer.promise
    },
    close: async () => {
      events.push('closed')
    },
  }
  const instance = new Instance(runtime, error => events.push(`reported: ${error.message}`))
  return { instance, loading, answer, ended, events }
}

describe('an instance that loads its handler', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }))
  afterEach(() => mock.timers.reset())

  it('given that it takes longer than the timeout, then the invocation has all of its time afterwards', async () => {
    const { instance, loading, answer, events } = given()
    const invoked = instance.invoke(invocation()).answer
    await pass(LOADING_MS - 1)
    assert.deepEqual(events, [])
    loading.resolve()
    await pass(TIMEOUT_MS - 1)
    answer.resolve('late')
    assert.equal(await invoked, 'late')
  })

  // Promise packages/msk-trigger/RULES.md#rule 23
  it('given that it takes longer than Lambda allows, then the time of the invocation begins (rule 23)', async () => {
    const { instance, events } = given()
    const invoked = instance.invoke(invocation()).answer
    const failed = assert.rejects(invoked, /timeout: the handler took longer than 3000 ms/)
    await pass(LOADING_MS)
    assert.deepEqual(events, ['invoked'])
    await pass(TIMEOUT_MS)
    await failed
    assert.deepEqual(events, ['invoked', 'closed'])
  })

  it('given that it computes, then it has ten minutes, as on a busy machine', async () => {
    const { instance, events } = given(true)
    instance.invoke(invocation()).answer.catch(() => {})
    for (let times = 0; times < 59; times += 1) await pass(LOADING_MS)
    assert.deepEqual(events, [])
    await pass(LOADING_MS)
    assert.deepEqual(events, ['invoked'])
  })

  it('given that it fails, then the invocation fails with that error, and the instance is kept', async () => {
    const { instance, loading, events } = given()
    const invoked = instance.invoke(invocation()).answer
    loading.reject(new HandlerError({ errorType: 'KeyError', errorMessage: 'x', trace: [] }))
    await assert.rejects(invoked, HandlerError)
    assert.equal(instance.isBroken, false)
    assert.deepEqual(events, [])
  })
})

/** A loaded runtime that takes several invocations, and runs them in order when the test says so. */
function givenLine() {
  const events: string[] = []
  const handed: { hasBegun: boolean; answer: PromiseWithResolvers<unknown> }[] = []
  const ended = Promise.withResolvers<RuntimeEnded>()
  const runtime: Runtime = {
    isComputing: false,
    termination: ended.promise,
    room: 4,
    invoke: () => assert.fail('it hands over'),
    handOver: ({ event }) => {
      event.json()
      const one = { hasBegun: handed.length === 0, answer: Promise.withResolvers<unknown>() }
      handed.push(one)
      const takeBack = () => {
        if (!one.hasBegun) one.answer.reject(new NotBegun())
        return !one.hasBegun
      }
      return { answer: one.answer.promise, hasBegun: () => one.hasBegun, takeBack }
    },
    close: async () => {
      events.push('closed')
      for (const value of handed) if (!value.hasBegun) value.answer.reject(new NotBegun())
      ended.resolve(new RuntimeEnded('it was closed'))
    },
  }
  const instance = new Instance(runtime, error => events.push(`reported: ${error.message}`))
  const invoke = (name: string) => {
    const started = instance.invoke(invocation(), () => events.push(`${name} begins`))
    started.answer.catch(() => {})
    return started
  }
  /** The thread continues, whether this process knows it or not. */
  const begins = (n: number) => {
    ;(handed[n] as (typeof handed)[number]).hasBegun = true
  }
  return { instance, invoke, handed, begins, ended, events }
}

describe('an instance that gets invocations while one runs', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'] }))
  afterEach(() => mock.timers.reset())

  /** Completes its first invocation, with which it was loaded. */
  async function givenWarmLine() {
    const line = givenLine()
    const { answer } = line.invoke('first')
    assert.equal(line.instance.hasRoom, false, 'it is loading')
    await settled()
    line.handed[0]?.answer.resolve(1)
    await answer
    line.handed.length = 0
    line.events.length = 0
    return line
  }

  it('hands them over, and each has all of its time from when the one before it is over', async () => {
    const { instance, invoke, handed, begins, events } = await givenWarmLine()
    const first = invoke('a')
    await settled()
    assert.equal(instance.hasRoom, true)
    const second = invoke('b')
    assert.equal(handed.length, 2)
    mock.timers.tick(TIMEOUT_MS - 1)
    begins(1)
    handed[0]?.answer.resolve('of a')
    assert.equal(await first.answer, 'of a')
    await settled()
    assert.deepEqual(events, ['a begins', 'b begins'])
    mock.timers.tick(TIMEOUT_MS - 1)
    handed[1]?.answer.resolve('of b')
    assert.equal(await second.answer, 'of b')
    assert.equal(instance.isBroken, false)
  })
})
