/** The handlers: the project's own runtime, in which nothing is changed unless the ledger is asked to break it. */
import type { Context } from 'aws-lambda'
import { failureRouter } from '../../../lib/domain/failure/process.ts'
import { kafkaConsumer } from '../../../lib/runtime.ts'
import { letStraggle, mayBeLate } from './lateness.ts'
import * as processes from './processes.ts'
import { sabotage, unreported } from './sabotage.ts'

const broken = process.env.LEDGER_SABOTAGE ?? ''
sabotage(broken)
// Around it: a broken commit is to be broken when it comes to it.
letStraggle()

type Handler = (event: never, context: Context) => Promise<unknown>

export const counting = handler(kafkaConsumer('counting', processes.counting))
export const receiving = handler(kafkaConsumer('receiving', processes.receiving))
export const router = handler(kafkaConsumer('dlq-router', failureRouter, { failuresTo: 'dlq' }))

function handler(consumer: unknown): Handler {
  const late = mayBeLate(consumer as Handler)
  return broken === 'stop' ? unreported(late) : late
}
