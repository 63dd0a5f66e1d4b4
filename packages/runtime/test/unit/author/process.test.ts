import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CloudEvent } from 'cloudevents'
import { PermanentError, RetryableError } from '../../../consumer/author-errors.ts'
import { application } from '../../../consumer/authored-application.ts'
import { hours, minutes } from '../../../consumer/durations.ts'
import type { Event } from '../../../consumer/event.ts'
import type { KeyedProcess } from '../../../consumer/process.ts'
import { confirmDelivery } from '../../../consumer/sink.ts'
import type { StandardSchema } from '../../../consumer/standard-schema.ts'
import { Stage } from '../../../testing/consumer-kit.ts'
import { ProcessKit } from '../../../testing/process-kit.ts'
import { logRecord } from '../../../testing/records.ts'
import { SinkKit } from '../../../testing/sink-kit.ts'

const PLACED = 'com.example.order.placed'
const NOON_MS = Date.UTC(2026, 2, 1, 12)

/** Schema that any data matches. */
const ANYTHING: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) },
}

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

  it('given names of an earlier version, then they are refused with what to do now', () => {
    const advice = /: to remove an entity at an event, let the handler of its type return undefined$/m
    const handlers = { accepts: [PLACED], onEvent: () => 1 }
    const options = { topics: ['orders'], erasureType: 'com.example.erased' } as const
    const former = application(options).process('former', handlers)
    assert.throws(() => new ProcessKit(former), /erasureType no longer exists/)
    const erasing = shop.process('erasing', { ...handlers, onErase: () => {} } as typeof handlers)
    assert.throws(() => new ProcessKit(erasing), /onErase no longer exists/)
    for (const process of [former, erasing]) assert.throws(() => new ProcessKit(process), advice)
  })

  it('given a context, then all handlers have it, and a step sets it for the steps after it', async () => {
    const seen: string[] = []
    const process = shop.process<number, Order, number>('counting', {
      accepts: [PLACED],
      context: { initial: 0, read: data => data as number },
      onEvent(_, { id, timeMs }, { context, setContext, timerAt }) {
        seen.push(`${id} ${context}`)
        setContext(context + 1)
        timerAt('later', timeMs + minutes(5))
        return 1
      },
      onTimer: {
        later(state, { dueMs }, { context }) {
          seen.push(`later ${context} ${dueMs - NOON_MS}`)
          return state
        },
      },
    })
    const kit = new ProcessKit(process)
    await kit.when(placed('a', 1), placed('b', 1))
    await kit.pass(hours(1))
    assert.deepEqual(seen, ['a 0', 'b 1', `later 2 ${minutes(5)}`])
  })

  it('given a takeover, then its handler emits, and returns the new state', () => {
    const process = shop.process<number>('taking', {
      accepts: [PLACED],
      onEvent: () => 1,
      onTakeover(live, rebuilt, { subject }, { emit }) {
        emit('alerts', 'difference', { live, rebuilt, subject })
        return rebuilt
      },
    })
    const at = { entity: '/shop c-1', source: '/shop', subject: 'c-1', timeMs: NOON_MS }
    const taken = process.onTakeover?.(1, 2, at)
    const [emission] = taken?.emit ?? []
    assert.deepEqual(
      [taken?.state, emission?.key, emission?.data],
      [2, 'c-1', { live: 1, rebuilt: 2, subject: 'c-1' }],
    )
  })

  it('given no subject and no dataschema, then the emission lacks them', async () => {
    const process = shop.process<number>('plain', {
      accepts: [PLACED],
      onEvent: (_, __, { emit }) => emit('alerts', 'plain', {}, { subject: null, dataschema: undefined }),
    })
    const [step] = await new ProcessKit(process).when(placed('a', 1))
    const [emission] = step?.emitted ?? []
    assert.deepEqual(emission && Object.keys(emission).sort(), [
      'data',
      'key',
      'name',
      'source',
      'to',
      'type',
    ])
  })

  it('given a timer that no handler has, then its step fails with the name', async () => {
    for (const former of ['former', 'toString', 'constructor', '__proto__']) {
      const process = shop.process<number>('renamed', {
        accepts: [PLACED],
        onEvent(_, __, { timer }) {
          timer(former, minutes(1))
          return 1
        },
        onTimer: { current: state => state },
      })
      const kit = new ProcessKit(process)
      await kit.when(placed('a', 1))
      await assert.rejects(kit.pass(hours(1)), new RegExp(`onTimer has no handler for the timer "${former}"`))
    }
  })

  it('given handlers of types beside one of all, then each event has the handler of its type', async () => {
    const CLOSED = 'com.example.order.closed'
    const process = shop.process<string>('both', {
      accepts: [PLACED, CLOSED],
      on: { [PLACED]: () => 'of its type' },
      onEvent: () => 'of all',
    })
    const steps = await new ProcessKit(process).when(placed('a', 1), { ...placed('b', 1), type: CLOSED })
    assert.deepEqual(
      steps.map(step => step.state),
      ['of its type', 'of all'],
    )
  })

  it('given a sink of an application, then it accepts all its types, and needs no further argument', async () => {
    const mailed: string[] = []
    const selling = application({ topics: ['orders'], events: { [PLACED]: ANYTHING } })
    const sink = selling.sink('mail', {
      async deliver(deliveries) {
        mailed.push(...deliveries.map(({ event }) => event.id))
        return deliveries.map(() => confirmDelivery('mailed'))
      },
    })
    const { time: _, ...untimed } = placed('b', 1)
    assert.deepEqual(await new SinkKit(sink).when(untimed), ['applied/mailed'])
    assert.deepEqual(await new SinkKit(sink).when(placed('a', 1)), ['applied/mailed'])
    assert.deepEqual([sink.name, sink.accepts, mailed], ['mail', [PLACED], ['b', 'a']])
  })

  it('given a call that a step cannot make, or a promise, then the event fails, and says why', async () => {
    type Handlers = Parameters<typeof shop.process<number>>[1]
    const fail = async (handlers: Handlers, message: RegExp) => {
      const kit = new ProcessKit(shop.process('wrong', { accepts: [PLACED], ...handlers }))
      await assert.rejects(kit.when(placed('a', 1)), message)
    }
    await fail({ onEvent: (async () => 1) as never }, /a: .*the consumer returned a promise/)
    await fail(
      { onEvent: (_, __, step) => void step.setContext({}) as undefined },
      /a: .*setContext needs a context of the process: define one/,
    )
  })

  it('given an event of a type that the process does not accept, then its test fails', async () => {
    const kit = new ProcessKit(orders)
    await assert.rejects(
      kit.when({ ...placed('a', 1), type: 'com.example.order.plcaed' }),
      /a: not-mine: the process does not accept events of the type "com.example.order.plcaed"/,
    )
  })

  it('given a handler that no event can reach, then it cannot be made', () => {
    const selling = application({ topics: ['orders'], events: { [PLACED]: ANYTHING } })
    assert.throws(
      () => selling.process('other', { on: { 'com.example.order.plcaed': () => 1 } as object }),
      /on has a handler for "com.example.order.plcaed": add its schema to events of the application/,
    )
    const context = { setBy: PLACED, initial: 0, read: Number }
    assert.throws(
      () => shop.process<number, Order, number>('rules', { context, on: { [PLACED]: () => 1 } }),
      /on has a handler for "com.example.order.placed", whose events only set the context: remove it/,
    )
  })

  it('given a CloudEvent of the SDK, then the kits of processes and sinks take it as it is', async () => {
    const { time, ...attributes } = placed('a', 900)
    const event = new CloudEvent({ ...attributes, ...(time !== undefined && { time }) })
    const kit = new ProcessKit(orders)
    await kit.when(event)
    assert.deepEqual(await kit.state('/shop c-1'), { total: 900 })
    const sink = application({ topics: ['orders'] }).sink('mail', {
      accepts: [PLACED],
      deliver: async deliveries => deliveries.map(() => confirmDelivery('mailed')),
    })
    assert.deepEqual(await new SinkKit(sink).when(event), ['applied/mailed'])
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
