import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import type { Exit } from '../../../localstack/services/process.ts'
import { type Ready, Supervisor } from '../../../localstack/services/supervisor.ts'
import { StopRequested } from '../../../programs/stop-request.ts'

const KILLED: Exit = { code: null, signal: 'SIGKILL' }

describe('given a program that has run for a while', () => {
  it('when it ends by itself, then it is restarted', async t => {
    const { supervisor, starts, end, states } = await longRunning(t)
    await end()
    starts[1]?.comeUp()
    await new Promise(setImmediate)
    await supervisor.stop()
    assert.equal(starts[1]?.isStopped, true)
    assert.deepEqual(states, [
      'starting program',
      'ready program with all',
      'stopped program was ended by SIGKILL',
      'starting program',
      'ready program with all',
      'stopping program',
      'stopped program',
    ])
  })

  it('when it is restarted, then what it may have lost is created again, once for each restart', async t => {
    const { supervisor, starts, restored, end } = await longRunning(t)
    assert.deepEqual(restored, [])
    await end()
    starts[1]?.comeUp()
    await new Promise(setImmediate)
    assert.deepEqual(restored, ['ready program with all'])
    const restarting = supervisor.restart()
    await new Promise(setImmediate)
    starts[2]?.comeUp()
    await restarting
    assert.equal(restored.length, 2)
  })

  it('when what it has lost cannot be created, then the reason is reported, unless it has ended again', async t => {
    const { starts, end, fail, lost } = await longRunning(t)
    fail(new Error('no bucket'))
    await end()
    starts[1]?.comeUp()
    await turns()
    assert.deepEqual(lost, ['no bucket'])
    fail(new Error('ECONNREFUSED'), () => starts[2]?.exit(KILLED))
    t.mock.timers.tick(60_000)
    starts[1]?.exit(KILLED)
    await new Promise(setImmediate)
    starts[2]?.comeUp()
    await turns()
    assert.deepEqual(lost, ['no bucket', 'program was ended by SIGKILL'])
  })

  it('when it is stopped during a restart, then the restart is aborted and awaited', async t => {
    const { supervisor, starts, end, lost } = await longRunning(t)
    await end()
    const stopping = supervisor.stop()
    assert.equal(starts[1]?.signal.aborted, true)
    let isOver = false
    void stopping.then(() => {
      isOver = true
    })
    await new Promise(setImmediate)
    assert.equal(isOver, false)
    starts[1]?.fail(new StopRequested('aborted'))
    await stopping
    assert.deepEqual(lost, [])
  })

  it('when the aborted restart succeeds anyway, then it is stopped', async t => {
    const { supervisor, starts, end } = await longRunning(t)
    await end()
    const stopping = supervisor.stop()
    starts[1]?.comeUp()
    await stopping
    assert.equal(starts[1]?.isStopped, true)
  })

  it('when it cannot be restarted, then it is lost for that reason', async t => {
    const { starts, end, lost } = await longRunning(t)
    await end()
    starts[1]?.fail(new Error('the port is taken'))
    await new Promise(setImmediate)
    assert.deepEqual(lost, ['the port is taken'])
  })
})

it('given a program that has just started, when it ends, then it is lost: it would only end again', async () => {
  const { starts, lost } = await started()
  starts[0]?.exit(KILLED)
  await new Promise(setImmediate)
  assert.deepEqual(lost, ['program was ended by SIGKILL'])
  assert.equal(starts.length, 1)
})

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate)
}

/** One start, whose outcome the test decides. */
class FakeStart {
  readonly signal: AbortSignal
  readonly #up = Promise.withResolvers<Ready>()
  readonly #ended = Promise.withResolvers<Exit>()
  isStopped = false

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  get outcome(): Promise<Ready> {
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
    this.#up.resolve({ exited: this.#ended.promise, signal: () => {}, stop, detail: 'program with all' })
  }
}

async function started() {
  const starts: FakeStart[] = []
  const states: string[] = []
  const lost: string[] = []
  const made = new EventTarget()
  const start = (signal: AbortSignal) => {
    const one = new FakeStart(signal)
    starts.push(one)
    made.dispatchEvent(new Event('start'))
    return one.outcome
  }
  const restored: (string | undefined)[] = []
  let failing = async () => {}
  const fail = (error: Error, before = () => {}) => {
    failing = async () => {
      before()
      await new Promise(setImmediate)
      throw error
    }
  }
  const restore = () => {
    restored.push(states.at(-1))
    return failing()
  }
  const supervisor = new Supervisor(
    { name: 'functions', title: 'program', start, restore },
    {
      report: ({ state, detail }) => states.push(`${state} ${detail}`),
      revive: true,
      onLost: reason => lost.push(reason),
    },
  )
  const up = supervisor.start(new AbortController().signal)
  starts[0]?.comeUp()
  await up
  return { supervisor, starts, states, restored, fail, lost, made }
}

/** A program that has run long enough to be restarted. `end` resolves when the restart is in progress. */
async function longRunning({ mock }: TestContext) {
  mock.timers.enable({ apis: ['Date'] })
  const run = await started()
  mock.timers.tick(60_000)
  const end = async () => {
    const again = once(run.made, 'start')
    run.starts[0]?.exit(KILLED)
    await again
  }
  return { ...run, end }
}
