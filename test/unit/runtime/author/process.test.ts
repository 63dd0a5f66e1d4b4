import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PermanentError, RetryableError } from '#runtime/consumer/author-errors.ts'
import { application } from '#runtime/consumer/authored-application.ts'
import { hours, minutes } from '#runtime/consumer/durations.ts'
import type { Event } from '#runtime/consumer/event.ts'
import type { KeyedProcess } from '#runtime/consumer/process.ts'
import { Stage } from '#runtime/testing/consumer-kit.ts'
import { ProcessKit } from '#runtime/testing/process-kit.ts'
import { logRecord } from '#runtime/testing/records.ts'

const PLACED = 'com.example.order.placed'
const NOON_MS = Date.UTC(2026, 2, 1, 12)

const shop = application({ topics: ['orders', 'alerts'] })

interface Order {
  readonly cents: number
}

/** Counts what a customer spends, and says so once, beyond a limit. */
const orders = shop.process<{ total: number }, Order>('orders', {
  accepts: [PLACED],
  onEvent({ total } = { total: 0 }, { data }, { emit, timer, cancel, reason, reject }) {
    if (data.cents < 0) reject('an order costs something', 'negative')
    if (data.cents === 0) {
      cancel('silence')
      reason('free')
      return undefined
    }
    const next = total + data.cents
    if (total <= 1000 && next > 1000) emit('alerts', 'over-limit', { total: next })
    timer('silence', minutes(1))
    timer('silence', minutes(10))
    return { total: next }
  },
  onTimer(state, { name }, { emit }) {
    emit('alerts', name, state, { type: 'com.example.customer.silent', key: 'all' })
    return state
  },
})

function placed(id: string, cents: number, afterMs = 0): Event {
  const time = new Date(NOON_MS + afterMs).toISOString()
  return { id, source: '/shop', subject: 'c-1', type: PLACED, time, data: { cents } }
}

describe('a process made of handlers', () => {
  it('given an event, then its emission has key, type, source and subject by default', async () => {
    const kit = new ProcessKit(orders)
    const [, taken] = await kit.when(placed('a', 900), placed('b', 200))
    assert.deepEqual(taken?.state, { total: 1100 })
    assert.deepEqual(taken?.emitted, [
      {
        ...{ name: 'over-limit', to: 'alerts', key: 'c-1', type: 'orders.over-limit' },
        source: '/orders',
        subject: 'c-1',
        data: { total: 1100 },
      },
    ])
    assert.equal(taken?.reason, 'processed')
  })

  it('given a timer that is set twice, then the last call counts, from the time of the event', async () => {
    const kit = new ProcessKit(orders)
    await kit.when(placed('a', 1))
    assert.deepEqual(await kit.timers('/shop c-1'), { silence: new Date(NOON_MS + minutes(10)) })
    const [fired] = await kit.pass(hours(1))
    assert.deepEqual(
      [fired?.reason, fired?.emitted[0]?.type, fired?.emitted[0]?.key],
      ['fired', 'com.example.customer.silent', 'all'],
    )
  })

  it('given a step that returns nothing, then the entity and its timers are forgotten, for its reason', async () => {
    const kit = new ProcessKit(orders)
    const [, forgot] = await kit.when(placed('a', 1), placed('b', 0))
    assert.deepEqual(
      [forgot?.reason, await kit.state('/shop c-1'), await kit.timers('/shop c-1')],
      ['free', undefined, {}],
    )
  })

  it('given an error that says never, or later, then the record fails for good, or is retried', async () => {
    const throwing: KeyedProcess<unknown> = {
      name: 'throwing',
      accepts: [PLACED],
      onEvent(_, { id }) {
        throw id === 'a' ? new PermanentError('never', 'negative') : new RetryableError('not known yet')
      },
    }
    const stage = new Stage(shop, throwing)
    const topic = 'orders'
    await stage.batch(
      [placed('a', 1), placed('b', 1)].map((event, offset) => logRecord(offset, event, { topic })),
    )
    assert.deepEqual(stage.outcomes, ['failed/rejected', 'failed/not-accepted'])
    assert.deepEqual(
      stage.observer.decisions.map(({ failure }) => [failure?.message, failure?.safeMessage]),
      [
        ['never', 'negative'],
        ['not known yet', undefined],
      ],
    )
  })

  it('given timers that await the log, then the process says so of a stored one, by its name', () => {
    const process = (awaitsLog: readonly string[] | ((timer: string) => boolean)) =>
      shop.process('watch', { accepts: [PLACED], awaitsLog, onEvent: () => 1 })
    for (const awaitsLog of [['silence'], (timer: string) => timer === 'silence'])
      assert.deepEqual(
        ['silence', 'other'].map(name => process(awaitsLog).awaitsLog?.(name)),
        [true, false],
      )
  })

  it('given an erasure, then a handler says the last of the entity', async () => {
    const erasing = application({ topics: ['orders', 'alerts'], erasureType: 'com.example.erased' })
    const process = erasing.process<number>('erasing', {
      accepts: [PLACED],
      onEvent: () => 1,
      onErase: (state, _, { emit }) => emit('alerts', 'gone', { state }),
    })
    const kit = new ProcessKit(process)
    await kit.when(placed('a', 1), { ...placed('e', 1), type: 'com.example.erased' })
    assert.deepEqual(
      kit.publishedEvents.map(({ type, data }) => [type, data]),
      [['erasing.gone', { state: 1 }]],
    )
  })

  it('given no handler, or no types for it, then it cannot be made', () => {
    assert.throws(
      () => shop.process('none', {}),
      /"none" has 1 error:\n {2}- it has neither onEvent nor on: add a handler/,
    )
    assert.throws(
      () => shop.process('some', { onEvent: () => 1 }),
      /"some" has 1 error:\n {2}- onEvent has no event types/,
    )
  })
})
