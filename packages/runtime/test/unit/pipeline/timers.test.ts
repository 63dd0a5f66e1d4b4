/** Timers of a process; their order is in `rules/the-logs-clock.test.ts`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { EMPTY_SELECTION } from '../../../testing/empty-selection.ts'
import { createLog, doneOn, type Order, obeyingStage, order } from '../../support/obeying.ts'
import { Stage } from '../../support/stage.ts'

describe('a timer', () => {
  it('given that its step throws, then its failure record continues the trace of the event that set it', async () => {
    const stage = obeyingStage()
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const extensions = { traceparent: `00-${trace}-b7ad6b7169203331-01`, tracestate: 'a=1' }
    const setting = order('1', 'x', 0, { set: { t: 20 }, onTimer: { t: { fail: true } } })
    await stage.batch(
      createLog([
        [0, { ...setting, extensions }],
        [100, 'tick'],
      ]),
    )
    const failureRecord = stage.events.find(({ type }) => type === 'io.sluice.failure.v1')
    assert.match(failureRecord?.extensions?.traceparent ?? '', new RegExp(`^00-${trace}-`))
    assert.equal(failureRecord?.extensions?.tracestate, 'a=1')
  })

  /** Sets a timer for each minute, again and again. */
  const everyMinute: KeyedProcess<{ minutes: number }> = {
    name: 'every-minute',
    accepts: ['test.order.v1'],
    onEvent: (state, { timeMs }) =>
      completeStep(
        'seen',
        { minutes: state?.minutes ?? 0 },
        [],
        [{ name: 'minute', dueMs: timeMs + 60_000 }],
      ),
    onTimer: ({ minutes }, { dueMs }) =>
      completeStep('minute', { minutes: minutes + 1 }, [], [{ name: 'minute', dueMs: dueMs + 60_000 }]),
  }
  const DAY_S = 24 * 60 * 60

  for (const limit of [500, 7])
    it(`given one that renews itself for a year, then a thousand fire and the next fails (${limit} a chunk)`, async () => {
      const stage = new Stage(everyMinute as KeyedProcess<never>)
      const limits = { ...stage.consumer.limits, timers: limit }
      stage.consumer = { ...stage.consumer, limits, futureToleranceMs: 366 * DAY_S * 1000 }
      const log = createLog([
        [0, order('1', 'x', 0)],
        [0, order('2', 'y', 0)],
        [1, order('3', 'x', 365 * DAY_S)],
        [2, order('4', 'y', 30)],
      ])
      assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
      assert.equal(stage.outcomes.filter(outcome => outcome === 'timer/minute').length, 1_000)
      assert.equal(stage.outcomes.filter(outcome => outcome === 'timer/timer-rejected').length, 1)
      assert.deepEqual(await stage.state('/orders x'), { minutes: 1_000 })
      const failureRecord = stage.events.find(({ type }) => type === 'io.sluice.failure.v1')
        ?.data as FailureData
      assert.match(failureRecord.error, /1000 timers of its entity have fired before one event/)
    })

  for (const [how, told, code] of [
    ['throws', { fail: true }, 'timer-failed'],
    ['is refused', { refuse: true }, 'timer-rejected'],
    ['sets itself for when it is due', { set: { t: 20 } }, 'timer-failed'],
  ] as [string, Order, string][])
    it(`given that its step ${how}, then it fails, and the state stays`, async () => {
      const stage = obeyingStage()
      const log = createLog([
        [0, order('1', 'x', 0, { set: { t: 20, u: 30 }, onTimer: { t: told } })],
        [0, order('2', 'y', 0, { set: { t: 25 } })],
        [100, order('3', 'x', 0)],
        [200, 'tick'],
      ])
      assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
      assert.deepEqual(doneOn(stage), ['x 1', 'y 2', 'y t@25', 'x u@30', 'x 3'])
      const failureRecords = stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
      assert.equal(failureRecords.length, 1)
      const failureRecord = failureRecords[0]?.data as FailureData
      assert.equal(failureRecord.errorType, code)
      assert.deepEqual([failureRecord.originalOffset, failureRecord.originalValue], [2, null])
      assert.match(failureRecord.error, /timer "t" of \/orders x, due 2026-03-01T12:00:20\.000Z/)
      assert.deepEqual(await stage.state('/orders x'), { onTimer: { t: told } })
    })

  it('given that it forgets its entity and its last emission is too large, then the entity is forgotten', async () => {
    const stage = obeyingStage()
    const { onTimer, ...rest } = stage.consumer.process as KeyedProcess<unknown>
    const wordy: KeyedProcess<unknown> = {
      ...rest,
      onTimer: (state, timer) => {
        const step = (onTimer as NonNullable<typeof onTimer>).call(rest, state, timer)
        if (step.kind === 'rejected') return step
        return { ...step, emit: step.emit.map(emission => ({ ...emission, data: 'x'.repeat(2 ** 20) })) }
      },
    }
    stage.consumer = { ...stage.consumer, process: wordy }
    const told = { t: { forget: true } }
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { t: 20, u: 9_000 }, onTimer: told })],
        [100, 'tick'],
      ]),
    )
    assert.equal(await stage.state('/orders x'), undefined)
    assert.deepEqual(stage.outcomes, ['applied/done', 'timer/timer-rejected', 'ignored/tick'])
    const { timers } = await stage.store.load(stage.stateKey(), {
      ...EMPTY_SELECTION,
      entities: ['/orders x'],
    })
    assert.deepEqual(timers.get('/orders x') ?? [], [])
    const failureRecord = stage.events.find(({ type }) => type === 'io.sluice.failure.v1')
      ?.data as FailureData
    assert.match(failureRecord.error, /a test\.done\.v1 does not fit into events/)
  })
})
