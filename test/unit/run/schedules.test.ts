import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Metrics } from '../../../runner/metrics/metrics.ts'
import { timesOf } from '../../../runner/schedule-times.ts'
import { Scheduler } from '../../../runner/scheduler.ts'

const at = (text: string) => Date.parse(text)
const next = (expression: string, after: string) => {
  const ms = timesOf(expression).after(at(after))
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

describe('when a schedule is due', () => {
  const cases: [expression: string, after: string, due: string][] = [
    ['rate(1 minute)', '2026-03-01T12:00:00Z', '2026-03-01T12:01:00.000Z'],
    ['rate(1 minute)', '2026-03-01T12:00:59.999Z', '2026-03-01T12:01:00.000Z'],
    ['rate(15 minutes)', '2026-03-01T12:01:00Z', '2026-03-01T12:15:00.000Z'],
    ['rate(2 hours)', '2026-03-01T13:00:00Z', '2026-03-01T14:00:00.000Z'],
    ['rate(1 day)', '2026-03-01T13:00:00Z', '2026-03-02T00:00:00.000Z'],
    ['cron(0 9 * * ? *)', '2026-03-01T09:00:00Z', '2026-03-02T09:00:00.000Z'],
    ['cron(0/15 * * * ? *)', '2026-03-01T09:01:00Z', '2026-03-01T09:15:00.000Z'],
    // 1 March 2026 is a Sunday, which is day 1 there.
    ['cron(30 6 ? * 1 *)', '2026-03-01T00:00:00Z', '2026-03-01T06:30:00.000Z'],
    ['cron(30 6 ? * 2-6 *)', '2026-03-01T00:00:00Z', '2026-03-02T06:30:00.000Z'],
    ['cron(30 6 ? * MON-FRI *)', '2026-03-01T00:00:00Z', '2026-03-02T06:30:00.000Z'],
    ['cron(0 8 ? * 3#2 *)', '2026-03-01T00:00:00Z', '2026-03-10T08:00:00.000Z'],
    ['cron(0 8 L * ? *)', '2026-03-01T00:00:00Z', '2026-03-31T08:00:00.000Z'],
  ]
  for (const [expression, after, due] of cases)
    it(`given ${expression}, then after ${after} it is ${due}`, () => {
      assert.equal(next(expression, after), due)
    })

  for (const wrong of [
    'rate(0 minutes)',
    'rate(1 second)',
    'every minute',
    'cron(0 9 * *)',
    'cron(99 9 * * ? *)',
  ])
    it(`given ${wrong}, then it is refused with what is allowed`, () => {
      assert.throws(() => timesOf(wrong), /must be rate\(5 minutes\) or cron/)
    })
})

describe('the scheduler', () => {
  /** A scheduler on a clock of its own, and the calls that it has made. */
  function scheduled(t: TestContext, run: (name: string) => Promise<unknown> = async () => {}) {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: at('2026-03-01T12:00:30Z') })
    const calls: string[] = []
    const [errors, notices]: [string[], string[]] = [[], []]
    const metrics = new Metrics()
    const clock = { aheadMs: 0 }
    const log = {
      notice: (line: string) => void notices.push(line),
      warning: () => {},
      error: (line: string) => void errors.push(line),
    }
    const functions = [
      { name: 'rules', expression: 'rate(1 minute)' },
      { name: 'clock', expression: 'rate(1 minute)' },
      { name: 'checkpoints', expression: 'rate(15 minutes)' },
    ]
    const scheduler = new Scheduler(functions, {
      log,
      metrics,
      now: () => Date.now() + clock.aheadMs,
      run: async (name, dueMs) => {
        calls.push(`${name} ${new Date(dueMs).toISOString().slice(11, 19)}`)
        await run(name)
      },
    })
    const settled = () => new Promise<void>(resolve => setImmediate(resolve))
    const tick = async (ms: number) => {
      t.mock.timers.tick(ms)
      await settled()
    }
    return { scheduler, calls, clock, log, errors, notices, metrics, settled, tick }
  }

  it('given its start, then what is due each minute is called at once, in order, and then when it is due', async t => {
    const { scheduler, calls, settled, tick } = scheduled(t)
    scheduler.start()
    await settled()
    assert.deepEqual(calls.splice(0), ['rules 12:00:30', 'clock 12:00:30'])
    await tick(29_999)
    assert.equal(calls.length, 0)
    await tick(1)
    assert.deepEqual(calls.splice(0), ['rules 12:01:00', 'clock 12:01:00'])
    for (let minute = 2; minute <= 15; minute++) await tick(60_000)
    assert.deepEqual(
      calls.filter(call => call.startsWith('checkpoints')),
      ['checkpoints 12:15:00'],
    )
    assert.equal(calls.filter(call => call.startsWith('rules')).length, 14)
    await scheduler.stop()
  })

  it('given its start, then each outcome of each schedule is counted from 0 on, so that the first shows', async t => {
    const { scheduler, metrics, settled } = scheduled(t)
    scheduler.start()
    for (const outcome of ['ok', 'error', 'skipped'])
      assert.match(
        metrics.text,
        new RegExp(`scheduled_runs_total\\{function="checkpoints",outcome="${outcome}"\\} 0`),
      )
    await settled()
    await scheduler.stop()
  })

  it('given a retry while a later run is not over, then it is left out, and counted as nothing', async t => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const runs = [first, second]
    const { scheduler, calls, clock, metrics, settled, tick } = scheduled(
      t,
      async name => name === 'clock' && runs.shift()?.promise,
    )
    scheduler.start()
    await settled()
    await tick(29_900)
    // The clock of the machine is set back while the run fails, and then set right.
    clock.aheadMs = -29_900
    first.reject(new Error('no broker'))
    await settled()
    clock.aheadMs = 0
    await tick(100)
    await tick(10_000)
    assert.deepEqual(
      calls.filter(call => call.startsWith('clock')),
      ['clock 12:00:30', 'clock 12:01:00'],
    )
    assert.match(metrics.text, /scheduled_runs_total\{function="clock",outcome="skipped"\} 0/)
    assert.doesNotMatch(metrics.text, /scheduled_retries_total/)
    second.resolve()
    await settled()
    await scheduler.stop()
  })

  it('given a long run, then a stop does not wait for it, and its end is not a failure', async t => {
    const { log, errors, metrics, settled, tick } = scheduled(t)
    const ended = Promise.withResolvers<void>()
    const calls: string[] = []
    const scheduler = new Scheduler([{ name: 'clock', expression: 'rate(1 minute)', isLong: true }], {
      log,
      metrics,
      run: async (_, __, isFirst) => {
        calls.push(isFirst ? 'first' : 'due')
        if (!isFirst) await ended.promise
      },
    })
    scheduler.start()
    await settled()
    await tick(30_000)
    assert.deepEqual(calls, ['first', 'due'])
    await scheduler.stop()
    ended.reject(new Error('its thread was ended'))
    await settled()
    assert.deepEqual(errors, [])
  })

  it('given a run that is not over, then the next one is left out and counted', async t => {
    const release = Promise.withResolvers<void>()
    const { scheduler, calls, metrics, settled, tick } = scheduled(t, name =>
      name === 'clock' ? release.promise : Promise.resolve(),
    )
    scheduler.start()
    await settled()
    await tick(30_000)
    assert.deepEqual(calls, ['rules 12:00:30', 'clock 12:00:30', 'rules 12:01:00'])
    assert.match(metrics.text, /scheduled_runs_total\{function="clock",outcome="skipped"\} 1/)
    release.resolve()
    await settled()
    await tick(60_000)
    assert.equal(calls.filter(call => call.startsWith('clock')).at(-1), 'clock 12:02:00')
    await scheduler.stop()
  })

  it('given a run that fails, then it is called again for the same time, three times within its period', async t => {
    const { scheduler, calls, errors, metrics, settled, tick } = scheduled(t, name =>
      name === 'checkpoints' ? Promise.reject(new Error('no bucket')) : Promise.resolve(),
    )
    scheduler.start()
    await settled()
    for (let second = 30; second < 15 * 60; second += 5) await tick(5_000)
    const due = () => calls.splice(0).filter(call => call.startsWith('checkpoints'))
    assert.deepEqual(due(), ['checkpoints 12:15:00'])
    await tick(4_999)
    assert.deepEqual(due(), [])
    await tick(1)
    await tick(30_000)
    await tick(120_000)
    assert.deepEqual(due(), Array(3).fill('checkpoints 12:15:00'))
    await tick(600_000)
    assert.deepEqual(due(), [])
    assert.match(metrics.text, /scheduled_retries_total\{function="checkpoints"\} 3/)
    assert.match(metrics.text, /scheduled_runs_total\{function="checkpoints",outcome="error"\} 1/)
    // The same reason is logged once.
    assert.deepEqual(errors, ['checkpoints: the scheduled run failed, and is retried in 5 s: no bucket'])
    await scheduler.stop()
  })

  it('given a run that is due each minute, then no retry comes after the next one, and none delays others', async t => {
    const { scheduler, calls, metrics, settled, tick } = scheduled(t, name =>
      name === 'rules' ? Promise.reject(new Error('no broker')) : Promise.resolve(),
    )
    scheduler.start()
    await settled()
    assert.deepEqual(calls.splice(0), ['rules 12:00:30', 'clock 12:00:30'])
    // 5 s later, but not another 30 s later: it is due again before that.
    for (let second = 30; second < 60; second += 5) await tick(5_000)
    assert.deepEqual(calls.splice(0), ['rules 12:00:30', 'rules 12:01:00', 'clock 12:01:00'])
    for (let second = 0; second < 59; second += 1) await tick(1_000)
    assert.deepEqual(calls.splice(0), ['rules 12:01:00', 'rules 12:01:00'])
    assert.match(metrics.text, /scheduled_runs_total\{function="rules",outcome="error"\} 2/)
    assert.match(metrics.text, /last_run_timestamp_seconds\{function="clock"\} 1772366460/)
    await scheduler.stop()
  })

  it('given an outage, then it is logged once with its reason, and its end with the number of failed calls', async t => {
    const reasons = ['no broker', 'no broker', 'no Redis']
    const { scheduler, errors, notices, metrics, settled, tick } = scheduled(t, async name => {
      const reason = name === 'clock' ? reasons.shift() : undefined
      if (reason !== undefined) throw new Error(reason)
    })
    scheduler.start()
    await settled()
    for (let second = 0; second < 90; second += 1) await tick(1_000)
    const failed = 'clock: the scheduled run failed, and is retried'
    assert.deepEqual(errors, [`${failed} in 5 s: no broker`, `${failed} in 5 s: no Redis`])
    assert.deepEqual(notices, ['clock: the scheduled run succeeded after 3 failures'])
    assert.match(metrics.text, /scheduled_runs_total\{function="clock",outcome="error"\} 1/)
    await scheduler.stop()
  })

  it('given a run that failed, when it is stopped, then it is not called again', async t => {
    const { scheduler, calls, settled, tick } = scheduled(t, () => Promise.reject(new Error('no broker')))
    scheduler.start()
    await settled()
    calls.length = 0
    await scheduler.stop()
    await tick(3_600_000)
    assert.deepEqual(calls, [])
  })

  it('when it is stopped, then it waits for what runs, and calls nothing more', async t => {
    const release = Promise.withResolvers<void>()
    const { scheduler, calls, settled, tick } = scheduled(t, () => release.promise)
    scheduler.start()
    await settled()
    let isStopped = false
    const stopping = scheduler.stop().then(() => {
      isStopped = true
    })
    await settled()
    assert.equal(isStopped, false)
    release.resolve()
    await stopping
    await tick(3_600_000)
    assert.deepEqual(calls, ['rules 12:00:30'])
  })
})
