import assert from 'node:assert/strict'
import { application, type EventHandler, json, type TypedEvent } from '@sluice/runtime'
import { ProcessKit } from '@sluice/runtime/testing'

interface Customer {
  readonly total: number
}

/** A handler that can be in a file of its own. */
const onOrder: EventHandler<Customer, TypedEvent<{ cents: number }>> = (customer, { data }, { emit }) => {
  const { total } = customer ?? { total: 0 }
  const next = total + data.cents
  if (total <= 1000 && next > 1000) emit('alerts', 'over-limit', { total: next })
  return { total: next }
}

const shop = application({ name: 'shop', topics: ['orders', 'alerts'], read: json() })
const orders = shop.process<Customer>('orders', { on: { orders: onOrder } })

// One step of it.
const [step] = await new ProcessKit(orders).when({ key: 'c-1', value: { cents: 1200 } })
assert.deepEqual(step?.state, { total: 1200 })
assert.deepEqual(
  step?.emitted.map(({ to, type, key }) => [to, type, key]),
  [['alerts', 'orders.over-limit', 'c-1']],
)
