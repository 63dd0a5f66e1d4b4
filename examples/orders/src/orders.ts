import { decided, type Emission, type KeyedProcess, rejected } from '@sluice/runtime'
import { ORDER_PAID, ORDER_PLACED, type Order } from './application.ts'

/** What is remembered of a customer. */
interface Customer {
  readonly totalCents: number
  /** Orders that are not paid yet. */
  readonly unpaid: readonly string[]
}

const HOUR_MS = 60 * 60_000
const NEW: Customer = { totalCents: 0, unpaid: [] }

/** Keeps a running total of each customer, and reports an order that is not paid within an hour. */
export const orders: KeyedProcess<Customer, Order> = {
  name: 'orders',
  accepts: [ORDER_PLACED, ORDER_PAID],
  onEvent(customer = NEW, { type, data, timeMs, entity }) {
    const { orderId, cents = 0 } = data as Order
    const others = customer.unpaid.filter(id => id !== orderId)
    if (type === ORDER_PAID) return decided('paid', { ...customer, unpaid: others }, [], [{ name: orderId }])
    if (cents <= 0) return rejected('an order costs something')
    const placed = { totalCents: customer.totalCents + cents, unpaid: [...others, orderId] }
    const total = emission('total', entity, { totalCents: placed.totalCents })
    return decided('placed', placed, [total], [{ name: orderId, dueMs: timeMs + HOUR_MS }])
  },
  onTimer(customer, { name: orderId, entity }) {
    return decided('not-paid', customer, [emission('unpaid', entity, { orderId })])
  },
}

function emission(name: 'total' | 'unpaid', customer: string, data: object): Emission {
  const type = `com.example.customer.${name}`
  return { name, to: 'totals', key: customer, type, source: '/orders', subject: customer, data }
}
