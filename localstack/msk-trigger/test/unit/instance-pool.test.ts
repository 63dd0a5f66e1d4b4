import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { InstancePool, startInstanceAtMs } from '../../invoke/instance-pool.ts'

/** An instance without a thread. */
class Fake {
  isBroken = false
  isComputing = false
  isClosed = false
  async close(): Promise<void> {
    this.isClosed = true
  }
}

/** @param failing which starts fail, counted from 1 */
function given(areReused = true, failing: readonly number[] = []) {
  const started: Fake[] = []
  let starts = 0
  const start = () => {
    starts += 1
    if (failing.includes(starts)) throw new Error('no thread left')
    const fake = new Fake()
    started.push(fake)
    return fake
  }
  return { started, instances: new InstancePool<Fake>(start, areReused) }
}

describe('the instances of a function', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  /** Lets a timer expire, and the turn of the event loop after it. */
  const pass = async (ms: number) => {
    mock.timers.tick(ms)
    await new Promise(setImmediate)
  }

  it('are started one by one, and the most recently used one is used first', async () => {
    const { started, instances } = given()
    const first = await instances.acquire()
    await instances.release(first)
    assert.equal(await instances.acquire(), first)
    assert.equal(started.length, 1)
  })

  it('are awaited while they are quick', async () => {
    const { started, instances } = given()
    const first = await instances.acquire()
    const second = instances.acquire()
    await instances.release(first)
    assert.equal(await second, first)
    assert.equal(started.length, 1)
  })

  it('increase in number if none is free for too long', async () => {
    const { started, instances } = given()
    const first = await instances.acquire()
    const waitedSince = performance.now()
    const second = instances.acquire()
    // The decision depends on the clock; the timer only triggers it.
    while (performance.now() < waitedSince + 120) await new Promise(setImmediate)
    await pass(120)
    assert.notEqual(await second, first)
    assert.equal(started.length, 2)
  })

  it('are removed when they are broken, even while idle', async () => {
    const { started, instances } = given()
    const first = await instances.acquire()
    first.isBroken = true
    await instances.release(first)
    assert.equal(first.isClosed, true)
    const second = await instances.acquire()
    await instances.release(second)
    second.isBroken = true
    assert.notEqual(await instances.acquire(), second)
    assert.equal(started.length, 3)
  })

  it('are new each time if the handler must be loaded again', async () => {
    const { started, instances } = given(false)
    const [first, second] = await Promise.all([instances.acquire(), instances.acquire()])
    assert.notEqual(first, second)
    await instances.release(first)
    assert.equal(first.isClosed, true)
    await instances.acquire()
    assert.equal(started.length, 3)
  })

  it('when replaced, end at once if idle, and after their invocation if running', async () => {
    const { started, instances } = given()
    const running = await instances.acquire()
    const waiting = instances.acquire()
    await instances.replace()
    assert.equal(running.isClosed, false, 'the invocation continues')
    const next = await waiting
    assert.notEqual(next, running, 'a waiting caller gets a new one at once')
    await instances.release(running)
    assert.equal(running.isClosed, true)
    await instances.release(next)
    await instances.replace()
    assert.equal(next.isClosed, true, 'it was idle')
    await instances.acquire()
    assert.equal(started.length, 3)
  })

  it('when replaced while running, are closed with the pool', async () => {
    const { started, instances } = given()
    await instances.acquire()
    await instances.replace()
    await instances.acquire()
    await instances.close()
    assert.deepEqual(
      started.map(({ isClosed }) => isClosed),
      [true, true],
    )
  })

  it('when one cannot be started, then its caller learns of it and the next one gets its own', async () => {
    const { started, instances } = given(true, [1])
    await assert.rejects(instances.acquire(), /no thread left/)
    const first = await instances.acquire()
    await instances.release(first)
    assert.equal(await instances.acquire(), first, 'nobody else has taken it')
    assert.equal(started.length, 1)
  })

  it('when another one cannot be started after a while, then its caller learns of it', async () => {
    const { instances } = given(true, [2])
    const first = await instances.acquire()
    const waitedSince = performance.now()
    const second = assert.rejects(instances.acquire(), /no thread left/)
    const third = instances.acquire()
    while (performance.now() < waitedSince + 220) await new Promise(setImmediate)
    await pass(220)
    await second
    await instances.release(first)
    assert.equal(await third, first)
  })

  it('when the next one cannot be started, then a release still closes its own', async () => {
    const { instances } = given(true, [2])
    const broken = await instances.acquire()
    broken.isBroken = true
    const refused = assert.rejects(instances.acquire(), /no thread left/)
    await instances.release(broken)
    assert.equal(broken.isClosed, true)
    await refused
  })

  it('are all closed with the pool', async () => {
    const { started, instances } = given()
    await instances.acquire()
    await instances.close()
    assert.deepEqual(
      started.map(({ isClosed }) => isClosed),
      [true],
    )
  })

  it('are not started once the pool is closed: whoever waits, or comes later, is refused', async () => {
    const { started, instances } = given()
    const first = await instances.acquire()
    const waiting = assert.rejects(instances.acquire(), /the trigger has stopped/)
    await instances.close()
    first.isBroken = true
    await instances.release(first)
    await waiting
    await assert.rejects(instances.acquire(), /the trigger has stopped/)
    await pass(1_000)
    assert.equal(started.length, 1)
  })
})

describe('a new instance is started', () => {
  const computing = { isComputing: true }
  const waiting = { isComputing: false }
  const startsAt = (sinceMs: number, backlogSinceMs: number, instances: (typeof computing)[]) =>
    startInstanceAtMs({ sinceMs, backlogSinceMs }, instances, 2)

  it('for a caller that has waited about as long as a start takes', () => {
    assert.equal(startsAt(1_000, 990, [waiting, computing]), 1_100)
  })

  it('when the queue has been non-empty for a while', () => {
    assert.equal(startsAt(1_000, 40, [waiting, computing]), 1_040)
  })

  it('later if every processor is busy', () => {
    assert.equal(startsAt(1_000, 0, [computing, computing]), 1_200)
  })
})
