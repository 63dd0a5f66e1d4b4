/** Finds the topic of the consumer that an argument names. */

import { readFunctions } from '../../lib/app/function-entries.ts'
import { findFirstSignal, getConsumerName, listConsumers } from '../../lib/app/functions.ts'
import type { Signal } from '../../lib/app/topic-table.ts'
import type { OperationFailure } from '../../lib/operations/operation-failure.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import { usageFailure } from '../failure.ts'

/**
 * Returns the topic that the consumer reads.
 *
 * @param wanted requested topic, if any
 * @throws OperationFailure if the consumer is unknown, if it does not read the requested topic, or if it reads several topics and
 * none is requested
 */
export function resolveSignal(consumer: string, wanted: string | undefined): Signal {
  const own = readFunctions().filter(declared => getConsumerName(declared) === consumer)
  const consumes = own.flatMap(declared => declared.consumes)
  const [first, ...others] = consumes
  if (first === undefined) throw unknownConsumerFailure(consumer)
  const meant = wanted ?? (others.length === 0 ? first : findFirstSignal(consumer))
  const signal = consumes.find(signal => signal === meant)
  if (signal === undefined) throw topicNeededFailure(consumer, consumes)
  return signal
}

/** @throws OperationFailure if the project has no such consumer */
export function requireConsumer(name: string): void {
  if (!listConsumers(readFunctions()).includes(name)) throw unknownConsumerFailure(name)
}

export function unknownConsumerFailure(name: string): OperationFailure {
  const consumers = listConsumers(readFunctions())
  return usageFailure(
    `The project has no consumer "${name}".${suggestion(name, consumers) ?? ''} Consumers are ${consumers.join(', ')}.`,
  )
}

/** Returns the refusal of a request that does not name one of several topics. @param note further condition, if any */
export function topicNeededFailure(consumer: string, topics: readonly string[], note = ''): OperationFailure {
  return usageFailure(`${consumer} reads ${topics.join(', ')}${note}: select one of them with --topic.`)
}
