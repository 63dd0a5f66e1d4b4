import { application } from '@sluice/runtime'
import * as v from 'valibot'

export const ORDER_PLACED = 'com.example.order.placed'
export const ORDER_PAID = 'com.example.order.paid'

/** Topics have the names `shop.<name>.<env>` in Kafka. */
export const shop = application({
  name: 'shop',
  prefix: 'shop',
  topics: ['orders', 'totals'],
  events: {
    [ORDER_PLACED]: v.object({ orderId: v.string(), cents: v.pipe(v.number(), v.safeInteger()) }),
    [ORDER_PAID]: v.object({ orderId: v.string() }),
  },
})
