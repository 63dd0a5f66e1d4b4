import { kafkaHandler } from '@sluice/runtime/lambda'
import { orderChanges } from '../order-changes.ts'

export const handler = kafkaHandler(orderChanges)
