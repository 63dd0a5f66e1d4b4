import { kafkaHandler } from '@sluice/runtime/lambda'
import { changes } from '../application.ts'
import { orderChanges } from '../order-changes.ts'

export const handler = kafkaHandler(changes, 'changes', orderChanges)
