import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v from 'valibot'
import { application } from '../../../consumer/authored-application.ts'
import type { Event } from '../../../consumer/event.ts'
import type { Failure } from '../../../consumer/failure-codes.ts'
import type { StandardSchema } from '../../../consumer/standard-schema.ts'
import { ProcessKit } from '../../../testing/process-kit.ts'

const PLACED = 'com.example.order.placed'
const PAID = 'com.example.order.paid'

const shop = application({
  topics: ['orders'],
  events: {
    [PLACED]: v.object({ orderId: v.string(), cents: v.pipe(v.number(), v.integer()) }),
    [PAID]: v.object({ orderId: v.string(), at: v.optional(v.string(), 'the till') }),
  },
})

const event = (type: string, data: unknown): Event => ({
  ...{ id: JSON.stringify(data), source: '/shop', subject: 'c-1', time: '2026-03-01T12:00:00Z' },
  type,
  data,
})

function refusal(data: unknown, reading = shop, type = PLACED): string {
  const { code, message } = reading.readData(event(type, data)) as Failure
  return `${code}: ${message}`
}

/** A schema of no library. */
function schema(validate: StandardSchema<string>['~standard']['validate']): StandardSchema<string> {
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

describe('schemas by event type', () => {
  it('given handlers by type, then each gets the data of its schema, and the process accepts those types', async () => {
    const orders = shop.process<string[]>('orders', {
      on: {
        [PLACED]: (open = [], { data: { orderId, cents } }) => [...open, `${orderId} ${cents.toFixed(2)}`],
        // @ts-expect-error an order that is paid has no cents
        [PAID]: (open = [], { data: { orderId, at, cents } }) => [...open, `${orderId} ${at} ${cents}`],
      },
    })
    assert.deepEqual(orders.accepts, [PLACED, PAID])
    const kit = new ProcessKit(orders)
    await kit.when(event(PLACED, { orderId: 'a', cents: 1 }), event(PAID, { orderId: 'a' }))
    assert.deepEqual(await kit.state('/shop c-1'), ['a 1.00', 'a the till undefined'])
  })

  it('given data that does not fit, then the failure says where and why, and quotes none of it', () => {
    assert.equal(
      refusal({ orderId: 5 }),
      'schema-violated: orderId: does not match its schema; cents: Invalid key: Expected "cents" but received undefined',
    )
    assert.equal(refusal('secret'), 'schema-violated: the data: does not match its schema')
  })

  it('given a message that quotes the value as JSON does, then it is left out, too', async () => {
    const quoting = schema(value => ({
      issues: [{ message: `must be a number (was ${JSON.stringify(value)})` }],
    }))
    const strict = application({ topics: ['orders'], events: { [PLACED]: quoting } })
    for (const value of ['se"cr"et', 'se\ncret', 'back\\slash']) {
      const read = strict.readData({ id: '1', source: '/shop', type: PLACED, data: value })
      assert.equal(read.kind === 'failure' && read.message, 'the data: does not match its schema')
    }
  })

  it('given a schema that is asynchronous, then the application is refused', () => {
    const events = { [PLACED]: schema(async () => ({ value: 'x' })) }
    assert.throws(
      () => application({ topics: ['orders'], events }),
      /schema of ".*placed" has 1 error:\n {2}- it is asynchronous/,
    )
  })
})
