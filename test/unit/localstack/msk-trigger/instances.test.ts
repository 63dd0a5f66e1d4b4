import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { Instances, startsAtMs } from '../../../../localstack/msk-trigger/instances.ts'

/** An instance without a thread. */
class Fake {
  isBroken = false
  isComputing = false
  isClosed = false
  async close(): Promise<void> {
    this.isClosed = true
  }
}

function given(areReused = true) {
  const started: Fake[] = []
  const start = () => {
    const fake = new Fake()
    started.push(fake)
    return fake
  }
  return { started, instances: new Instances<Fake>(start, areReused) }
}

describe('the instances of a function', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  /** Lets a timer end, and what waits for it to be believed. */
  const pass = async (ms: number) => {
    mock.timers.tick(ms)
    await new Promise(setImmediate)
  }

  it('are started one by one, and the one that ran last is used first', async () => {
    const { started, instances } = given()
    const first = await instances.take()
    await instances.give(first)
    assert.equal(await instances.take(), first)
    assert.equal(started.length, 1)
  })

  it('are waited for while they are quick', async () => {
    const { started, instances } = given()
    const first = await instances.take()
    const second = instances.take()
    await instances.give(first)
    assert.equal(await second, first)
    assert.equal(started.length, 1)
  })

  it('become more when none is free for too long', async () => {
    const { started, instances } = given()
    const first = await instances.take()
    const waitedSince = performance.now()
    const second = instances.take()
    // The decision looks at the clock, the timer only wakes it.
    while (performance.now() < waitedSince + 120) await new Promise(setImmediate)
    await pass(120)
    assert.notEqual(await second, first)
    assert.equal(started.length, 2)
  })

  it('are given up when they are broken, also while they are idle', async () => {
    const { started, instances } = given()
    const first = await instances.take()
    first.isBroken = true
    await instances.give(first)
    assert.equal(first.isClosed, true)
    const second = await instances.take()
    await instances.give(second)
    second.isBroken = true
    assert.notEqual(await instances.take(), second)
    assert.equal(started.length, 3)
  })

  it('are new each time where the handler is to be loaded anew', async () => {
    const { started, instances } = given(false)
    const [first, second] = await Promise.all([instances.take(), instances.take()])
    assert.notEqual(first, second)
    await instances.give(first)
    assert.equal(first.isClosed, true)
    await instances.take()
    assert.equal(started.length, 3)
  })

  it('that are replaced end at once where they are idle, and with their invocation where they run', async () => {
    const { started, instances } = given()
    const running = await instances.take()
    const waiting = instances.take()
    await instances.replace()
    assert.equal(running.isClosed, false, 'the invocation goes on')
    const next = await waiting
    assert.notEqual(next, running, 'who waits gets a new one at once')
    await instances.give(running)
    assert.equal(running.isClosed, true)
    await instances.give(next)
    await instances.replace()
    assert.equal(next.isClosed, true, 'it was idle')
    await instances.take()
    assert.equal(started.length, 3)
  })

  it('that are replaced while they run are closed in the end, too', async () => {
    const { started, instances } = given()
    await instances.take()
    await instances.replace()
    await instances.take()
    await instances.close()
    assert.deepEqual(
      started.map(({ isClosed }) => isClosed),
      [true, true],
    )
  })

  it('are all closed in the end', async () => {
    const { started, instances } = given()
    await instances.take()
    await instances.close()
    assert.deepEqual(
      started.map(({ isClosed }) => isClosed),
      [true],
    )
  })
})

describe('a new instance is started', () => {
  const computing = { isComputing: true }
  const waiting = { isComputing: false }
  const startsAt = (sinceMs: number, backlogSinceMs: number, instances: (typeof computing)[]) =>
    startsAtMs({ sinceMs, backlogSinceMs }, instances, 2)

  it('for one that has waited about as long as a start takes', () => {
    assert.equal(startsAt(1_000, 990, [waiting, computing]), 1_100)
  })

  it('when somebody has always waited for a while', () => {
    assert.equal(startsAt(1_000, 40, [waiting, computing]), 1_040)
  })

  it('later where every processor has work', () => {
    assert.equal(startsAt(1_000, 0, [computing, computing]), 1_200)
  })
})
