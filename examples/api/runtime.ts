import assert from 'node:assert/strict'
import { application, json } from '@sluice/runtime'

const shop = application({ name: 'shop', topics: ['orders', 'alerts'], read: json() })

const orders = shop.process<{ total: number }, { cents: number }>('orders', {
  onEvent({ total } = { total: 0 }, { data }, { emit }) {
    const next = total + data.cents
    if (total <= 1000 && next > 1000) emit('alerts', 'over-limit', { total: next })
    return { total: next }
  },
})

// A process is a pure function: this is one step of it.
const order = { id: '1', type: 'order', source: '/orders', subject: 'c-1', data: { cents: 1200 } }
const step = orders.onEvent({ total: 0 }, { ...order, timeMs: 0, entity: '/orders c-1' })
assert(step.kind === 'decided')
assert.deepEqual(step.state, { total: 1200 })
assert.deepEqual(
  step.emit.map(({ to, type, key }) => [to, type, key]),
  [['alerts', 'orders.over-limit', 'c-1']],
)
