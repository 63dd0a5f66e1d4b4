import { kafkaHandler } from '@sluice/runtime/lambda'
import { logging } from '../application.ts'
import { summary } from '../summary.ts'

export const handler = kafkaHandler(logging, 'logs', summary)
