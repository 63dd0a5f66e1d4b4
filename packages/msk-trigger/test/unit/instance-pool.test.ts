import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { InstancePool } from '../../invoke/instance-pool.ts'
import { NotBegun } from '../../invoke/runtimes/runtime.ts'
import { pass, settled } from './support.ts'

/** Milliseconds until another instance starts, also where this thread takes the only processor. */
const PATIENCE_MS = 1_020

/** An instance without a thread. The first of its callers runs. */
class Fake {
  isBroken = false
  isComputing = false
  isLoading = false
  isClosed = false
  /** How many callers may wait for the one that runs. */
  room = 0
  readonly line: Call[] = []

  get hasRoom(): boolean {
    return this.line.length > 0 && this.line.length <= this.room
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  leave(call: Call): void {
    this.line.splice(this.line.indexOf(call), 1)
    this.line[0]?.onBegun()
  }
}

/** An invocation of a function, which the test ends. */
class Call {
  at: Fake | undefined
  onBegun = () => {}
  readonly over: Promise<unknown>
  #answer = Promise.withResolvers<unknown>()

  constructor(instances: InstancePool<Fake>) {
    this.over = instances.run((instance, onBegun) => {
      const answer = Promise.withResolvers<unknown>()
      this.#answer = answer
      this.at = instance
      this.onBegun = onBegun
      instance.line.push(this)
      if (this.isRunning) onBegun()
      return { answer: answer.promise, takeBack: () => this.#isTakenBack() }
    })
    // Some tests await something else first.
    this.over.catch(() => {})
  }

  get isRunning(): boolean {
    return this.at?.line[0] === this
  }

  /** Resolves when the pool has the instance again. */
  async end(): Promise<void> {
    this.at?.leave(this)
    this.#answer.resolve('x')
    await this.over
  }

  /** Fails as an instance does that ends. */
  failed(): void {
    this.at?.line.splice(this.at.line.indexOf(this), 1)
    this.#answer.reject(new Error('it ended'))
  }

  /** Drops as an instance does that breaks before this one has begun. */
  dropped(): void {
    this.at?.leave(this)
    this.#answer.reject(new NotBegun())
  }

  #isTakenBack(): boolean {
    if (this.isRunning || !this.at?.line.includes(this)) return false
    this.dropped()
    return true
  }
}

/** @param failing which starts fail, counted from 1 */
function given({ failing = [] as readonly number[], room = 0 } = {}) {
  const started: Fake[] = []
  let starts = 0
  const start = () => {
    starts += 1
    if (failing.includes(starts)) throw new Error('no thread left')
    const fake = new Fake()
    fake.room = room
    started.push(fake)
    return fake
  }
  const instances = new InstancePool<Fake>(start)
  return { started, instances, call: () => new Call(instances) }
}

/** Busy for so long: what is decided depends on the clock, and the timer only triggers it. */
const waitFor = async (ms: number) => {
  const sinceMs = performance.now()
  while (performance.now() < sinceMs + ms) await settled()
  await pass(ms)
}

describe('the instances of a function', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('increase in number if all are busy for too long', async () => {
    const { started, call } = given()
    const [first, second] = [call(), call()]
    await waitFor(PATIENCE_MS)
    assert.notEqual(second.at, first.at)
    assert.equal(started.length, 2)
  })

  it('end when they have been idle for a while, except the last one', async () => {
    const { started, call } = given()
    const [first, second] = [call(), call()]
    await waitFor(PATIENCE_MS)
    await Promise.all([first.end(), second.end()])
    await pass(20_000)
    const third = call()
    assert.equal(third.at, started[1])
    await pass(20_000)
    assert.deepEqual(
      started.map(({ isClosed }) => isClosed),
      [true, false],
    )
    await third.end()
    await pass(60_000)
    assert.equal(call().at, started[1])
    assert.equal(started.length, 2)
  })

  for (const room of [0, 5])
    it(`when replaced, end at once if idle, and after their invocation if running (room ${room})`, async () => {
      const { started, instances, call } = given({ room })
      const [running, next] = [call(), call()]
      await instances.replace()
      await settled()
      assert.equal(running.at?.isClosed, false, 'the invocation continues')
      assert.notEqual(next.at, running.at, 'a waiting caller gets a new one at once')
      assert.equal(next.isRunning, true)
      await running.end()
      assert.equal(running.at?.isClosed, true)
      await next.end()
      await instances.replace()
      assert.equal(next.at?.isClosed, true, 'it was idle')
      call()
      assert.equal(started.length, 3)
    })
})

describe('a busy instance that has room', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('gets callers in line, in order, until its room is used up', async () => {
    const { started, call } = given({ room: 2 })
    const calls = [call(), call(), call(), call()]
    assert.deepEqual(
      calls.map(({ at }) => at),
      [started[0], started[0], started[0], undefined],
    )
    await calls[0]?.end()
    assert.equal(calls[1]?.isRunning, true)
    assert.equal(calls[3]?.at, started[0])
    assert.equal(started.length, 1)
  })

  it('loses the caller that has waited for too long to a new one', async () => {
    const { started, call } = given({ room: 2 })
    const [first, second, third] = [call(), call(), call()]
    await waitFor(PATIENCE_MS)
    assert.equal(second.at, started[1])
    assert.equal(second.isRunning, true)
    assert.equal(third.at, started[0])
    await first.end()
    assert.equal(third.isRunning, true)
  })
})
