import { kafkaHandler } from '@sluice/runtime/lambda'
import { overheating } from './overheating.ts'

export const handler = kafkaHandler(overheating)
