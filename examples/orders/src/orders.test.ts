import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Event } from '@sluice/runtime'
import { ProcessKit, simulate } from '@sluice/runtime/testing'
import { ORDER_PAID, ORDER_PLACED } from './application.ts'
import { orders } from './orders.ts'

const NOON = '2026-03-01T12:00:00Z'

/** An event of one customer; its id is derived from what it says. */
function order(type: string, orderId: string, cents?: number): Event {
  const id = `${type} ${orderId}`
  return { id, source: '/shop', subject: 'c-1', type, time: NOON, data: { orderId, cents } }
}

it('given two orders, then the total of their customer is published after each', async () => {
  const kit = new ProcessKit(orders)
  await kit.when(order(ORDER_PLACED, 'a', 250), order(ORDER_PLACED, 'b', 100))
  assert.deepEqual(
    kit.publishedEvents.map(({ data }) => data),
    [{ totalCents: 250 }, { totalCents: 350 }],
  )
})

it('given an order that is not paid, then it is reported after an hour', async () => {
  const kit = new ProcessKit(orders)
  await kit.when(order(ORDER_PLACED, 'a', 250), order(ORDER_PLACED, 'b', 100), order(ORDER_PAID, 'a'))
  const steps = await kit.pass(2 * 60 * 60_000)
  assert.deepEqual(
    steps.map(({ by, reason }) => [by, reason]),
    [['b', 'not-paid']],
  )
})

it('given an order that costs nothing, then it is rejected, and the customer is as before', async () => {
  const kit = new ProcessKit(orders)
  await kit.when(order(ORDER_PLACED, 'a', 250), order(ORDER_PLACED, 'b', 0))
  assert.deepEqual(kit.outcomes, ['applied/placed', 'failed/rejected'])
  assert.deepEqual(await kit.state('/shop c-1'), { totalCents: 250, unpaid: ['a'] })
})

it('given an order that its producer sent again, then it counts once', async () => {
  const kit = new ProcessKit(orders)
  await kit.when(order(ORDER_PLACED, 'a', 250), order(ORDER_PLACED, 'a', 250))
  assert.deepEqual(kit.outcomes, ['applied/placed', 'duplicate/id-known'])
})

it('given kills, repeats and lost answers at any moment, then each schedule gives what an undisturbed run does', async () => {
  const records = ['a', 'b', 'c', 'd'].flatMap(id => [order(ORDER_PLACED, id, 100), order(ORDER_PAID, id)])
  const { difference } = await simulate(orders, { records, seeds: 50 })
  assert.equal(difference?.story, undefined)
})
