import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { Exit } from '../../../../localstack/services/process.ts'
import type { Functions, FunctionsOptions } from '../../../../localstack/start/functions.ts'
import { startRevivedFunctions } from '../../../../localstack/start/revived-functions.ts'

const KILLED: Exit = { code: null, signal: 'SIGKILL' }

describe('given functions that have run for a while', () => {
  it('when they end by themselves, then they are restarted', async t => {
    const { functions, starts, end } = await longRunning(t.mock.timers)
    await end()
    starts[1]?.comeUp()
    await functions.stop()
    assert.equal(starts.length, 2)
    assert.equal(starts[1]?.isStopped, true)
  })

  it('when they are stopped during a restart, then the restart is aborted and awaited', async t => {
    const { functions, starts, end } = await longRunning(t.mock.timers)
    await end()
    const stopping = functions.stop()
    assert.equal(starts[1]?.signal.aborted, true)
    let isOver = false
    void stopping.then(() => {
      isOver = true
    })
    await new Promise(setImmediate)
    assert.equal(isOver, false)
    starts[1]?.fail(new Error('aborted'))
    await stopping
    assert.equal(await Promise.race([functions.lost, 'not lost']), 'not lost')
  })

  it('when the aborted restart succeeds anyway, then they are stopped', async t => {
    const { functions, starts, end } = await longRunning(t.mock.timers)
    await end()
    const stopping = functions.stop()
    starts[1]?.comeUp()
    await stopping
    assert.equal(starts[1]?.isStopped, true)
  })

  it('when they cannot be restarted, then they are lost for that reason', async t => {
    const { functions, starts, end } = await longRunning(t.mock.timers)
    await end()
    starts[1]?.fail(new Error('the port is taken'))
    assert.equal(await functions.lost, 'the port is taken')
  })
})

describe('given functions that have just started', () => {
  it('when they end by themselves, then they are lost, because they would only end again', async () => {
    const { functions, starts } = await started()
    starts[0]?.exit(KILLED)
    assert.equal(await functions.lost, 'serverless offline was ended by SIGKILL')
    assert.equal(starts.length, 1)
  })
})

/** One start, whose outcome the test decides. */
class FakeStart {
  readonly signal: AbortSignal
  readonly #up = Promise.withResolvers<Functions>()
  readonly #ended = Promise.withResolvers<Exit>()
  isStopped = false

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  get outcome(): Promise<Functions> {
    return this.#up.promise
  }

  fail(error: Error): void {
    this.#up.reject(error)
  }

  exit(exit: Exit): void {
    this.#ended.resolve(exit)
  }

  comeUp(): void {
    const stop = async () => {
      this.isStopped = true
      this.exit({ code: 0, signal: null })
    }
    this.#up.resolve({ ended: this.#ended.promise, consumers: [], invoke: async () => {}, stop })
  }
}

async function started() {
  const starts: FakeStart[] = []
  const made = new EventTarget()
  const start = ({ signal }: FunctionsOptions) => {
    const one = new FakeStart(signal)
    starts.push(one)
    made.dispatchEvent(new Event('start'))
    return one.outcome
  }
  const options = { signal: new AbortController().signal } as FunctionsOptions
  const up = startRevivedFunctions(options, () => {}, start)
  starts[0]?.comeUp()
  return { functions: await up, starts, made }
}

/** Functions that have run long enough to be restarted. `end` resolves when the restart is in progress. */
async function longRunning(timers: { enable(options: { apis: ['Date'] }): void; tick(ms: number): void }) {
  timers.enable({ apis: ['Date'] })
  const { functions, starts, made } = await started()
  timers.tick(60_000)
  const end = async () => {
    const again = once(made, 'start')
    starts[0]?.exit(KILLED)
    await again
  }
  return { functions, starts, end }
}
