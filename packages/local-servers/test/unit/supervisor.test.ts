import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { Supervisor } from '../../supervisor.ts'

const KILLED = { code: null, signal: 'SIGKILL' } as const

/** A supervised program whose processes the test ends. */
function supervised(options: { readonly restarts?: boolean; readonly isStuck?: () => boolean } = {}) {
  const lost: string[] = []
  const reported: string[] = []
  let starts = 0
  let end = () => {}
  const start = async (signal: AbortSignal) => {
    starts += 1
    if (options.isStuck?.())
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const { promise: exited, resolve } = Promise.withResolvers<typeof KILLED>()
    end = () => resolve(KILLED)
    return { exited, signal: () => {}, stop: async () => end(), detail: 'ready' }
  }
  const supervisor = new Supervisor(
    { name: 'server', title: 'The server', start },
    {
      ...options,
      onLost: reason => lost.push(reason),
      report: ({ state }) => reported.push(state),
    },
  )
  const kill = async () => {
    const before = reported.length
    end()
    await until('it has ended', () => reported.slice(before).includes('stopped'))
  }
  return { supervisor, lost, reported, kill, starts: () => starts }
}

/** Replaces the clock. Only the time of day is replaced, since the test waits. */
function mockClock(t: TestContext) {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  return (ms: number) => t.mock.timers.tick(ms)
}

const ready = ({ reported }: ReturnType<typeof supervised>) =>
  until('it is ready', () => reported.at(-1) === 'ready')

describe('a program that was killed', () => {
  it('starts again, and ends for good the third time in a minute, with one reason', async () => {
    const one = supervised({ restarts: true })
    await one.supervisor.start(new AbortController().signal)
    for (const starts of [2, 3]) {
      await one.kill()
      await ready(one)
      assert.deepEqual([one.starts(), one.lost], [starts, []])
    }
    await one.kill()
    assert.deepEqual(one.lost, ['The server was ended by SIGKILL, 3 times in a row'])
    assert.equal(one.starts(), 3)
  })

  it('given no other handler, when it has ended for good, then the report says so, and what to do', async () => {
    const details: string[] = []
    let end = () => {}
    const start = async () => {
      const { promise: exited, resolve } = Promise.withResolvers<typeof KILLED>()
      end = () => resolve(KILLED)
      return { exited, signal: () => {}, stop: async () => {}, detail: 'ready' }
    }
    const report = ({ detail }: { readonly detail: string }) => details.push(detail)
    await new Supervisor({ name: 'aws', title: 'LocalStack', start }, { report }).start(AbortSignal.any([]))
    end()
    await until('it is reported', () => details.length > 3)
    assert.match(
      details.at(-1) ?? '',
      /^LocalStack was ended by SIGKILL\. .*gone for good.*log.*start anew\.$/,
    )
  })

  it('given a minute of work between, then it starts again as often as it is killed', async t => {
    const pass = mockClock(t)
    const one = supervised({ restarts: true })
    await one.supervisor.start(new AbortController().signal)
    for (let time = 0; time < 5; time += 1) {
      pass(60_000)
      await one.kill()
      await ready(one)
    }
    assert.deepEqual([one.starts(), one.lost], [6, []])
  })

  it('given a stop while it starts again, then that start ends too', async () => {
    let isStuck = false
    const one = supervised({ restarts: true, isStuck: () => isStuck })
    await one.supervisor.start(new AbortController().signal)
    isStuck = true
    await one.kill()
    await one.supervisor.stop()
    assert.deepEqual([one.starts(), one.lost], [2, []])
  })

  it('given one that is not to start again, then it is lost at once', async () => {
    const one = supervised()
    await one.supervisor.start(new AbortController().signal)
    await one.kill()
    assert.deepEqual([one.starts(), one.lost], [1, ['The server was ended by SIGKILL']])
  })
})
