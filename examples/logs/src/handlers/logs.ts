import { kafkaHandler } from '@sluice/runtime/lambda'
import { summary } from '../summary.ts'

export const handler = kafkaHandler(summary)
