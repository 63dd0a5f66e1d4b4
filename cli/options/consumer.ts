/** Finds the topic of the consumer that an argument names. */

import { readFunctions } from '../../lib/app/function-entries.ts'
import { findFirstSignal, getConsumerName, listConsumers } from '../../lib/app/functions.ts'
import type { Signal } from '../../lib/app/topic-table.ts'
import { topicNeededFailure, unknownConsumerFailure } from '../../lib/operations/state-keys.ts'

/**
 * Returns the topic that the consumer reads.
 *
 * @param wanted requested topic, if any
 * @throws OperationFailure if the consumer is unknown, if it does not read the requested topic, or if it reads several topics and
 * none is requested
 */
export function resolveSignal(consumer: string, wanted: string | undefined): Signal {
  const functions = readFunctions()
  const own = functions.filter(declared => getConsumerName(declared) === consumer)
  const consumes = own.flatMap(declared => declared.consumes)
  const [first, ...others] = consumes
  if (first === undefined) throw unknownConsumerFailure(functions, consumer)
  const meant = wanted ?? (others.length === 0 ? first : findFirstSignal(consumer))
  const signal = consumes.find(signal => signal === meant)
  if (signal === undefined) throw topicNeededFailure(consumer, consumes)
  return signal
}

/** @throws OperationFailure if the project has no such consumer */
export function requireConsumer(name: string): void {
  const functions = readFunctions()
  if (!listConsumers(functions).includes(name)) throw unknownConsumerFailure(functions, name)
}
