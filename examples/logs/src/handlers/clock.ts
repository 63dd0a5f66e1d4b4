import { clockHandler } from '@sluice/runtime/lambda'
import { logging } from '../application.ts'

export const handler = clockHandler(logging, 'clock', 'lines')
