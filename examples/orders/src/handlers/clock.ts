import { clockHandler } from '@sluice/runtime/lambda'
import { shop } from '../application.ts'

export const handler = clockHandler(shop, 'clock', 'orders')
