/** Finds the topic of the consumer that an argument names. */

import { readFunctions } from '../../lib/app/function-entries.ts'
import { listConsumers } from '../../lib/app/functions.ts'
import { unknownConsumerFailure } from '../../lib/operations/state-keys.ts'

/** @throws OperationFailure if the project has no such consumer */
export function requireConsumer(name: string): void {
  const functions = readFunctions()
  if (!listConsumers(functions).includes(name)) throw unknownConsumerFailure(functions, name)
}
