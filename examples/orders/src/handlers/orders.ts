import { kafkaHandler } from '@sluice/runtime/lambda'
import { orders } from '../orders.ts'

export const handler = kafkaHandler(orders)
