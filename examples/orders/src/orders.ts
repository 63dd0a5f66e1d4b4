import { hours } from '@sluice/runtime'
import { ORDER_PAID, ORDER_PLACED, shop } from './application.ts'

/** State of a customer. */
interface Customer {
  readonly totalCents: number
  /** Orders that are not paid yet. */
  readonly unpaid: readonly string[]
}

const NEW: Customer = { totalCents: 0, unpaid: [] }

/** Keeps a running total of each customer, and reports an order that is not paid within an hour. */
export const orders = shop.process<Customer>('orders', {
  on: {
    [ORDER_PLACED](customer = NEW, { data: { orderId, cents } }, { emit, timer, reason, reject }) {
      if (cents <= 0) reject('an order costs something')
      const totalCents = customer.totalCents + cents
      emit('totals', 'total', { totalCents })
      timer(orderId, hours(1))
      reason('placed')
      return { totalCents, unpaid: [...without(customer, orderId), orderId] }
    },
    [ORDER_PAID](customer = NEW, { data: { orderId } }, { cancel, reason }) {
      cancel(orderId)
      reason('paid')
      return { ...customer, unpaid: without(customer, orderId) }
    },
  },
  onTimer(customer, { name: orderId }, { emit, reason }) {
    emit('totals', 'unpaid', { orderId })
    reason('not-paid')
    return customer
  },
})

function without({ unpaid }: Customer, orderId: string): readonly string[] {
  return unpaid.filter(id => id !== orderId)
}
