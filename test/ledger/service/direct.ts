/** The functions of `serverless.yml` in one process without a trigger: `direct.ts PORT`. The ledger calls them with batches. */
import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import * as consumers from './consumers.ts'
import { serveFunctions } from './endpoint.ts'

/** Constant, so that no invocation runs out of time on a slow machine. */
const REMAINING_MS = 20_000

type Handler = (event: object, context: Context) => Promise<unknown>

const { router, ...others } = consumers
const functions = new Map(Object.entries({ ...others, 'dlq-router': router }) as [string, Handler][])

await serveFunctions(async (name, event) => {
  const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => REMAINING_MS }
  return functions.get(name)?.(event, context as Context)
})
console.log('called directly')
