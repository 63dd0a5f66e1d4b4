import { kafkaHandler } from '@sluice/runtime/lambda'
import { shop } from '../application.ts'
import { orders } from '../orders.ts'

export const handler = kafkaHandler(shop, 'orders', orders)
