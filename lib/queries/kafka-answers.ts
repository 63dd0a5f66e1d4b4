/** How a question to Kafka fails. Questions to Redis fail with `Unavailable` by themselves. */
import { brokersAnswer, isAway, isRefusal } from '../../packages/runtime/adapters/kafka/availability.ts'
import { RefusedByKafka, unknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import { Unavailable } from '../../packages/runtime/pipeline/errors.ts'

/**
 * Waits for Kafka's answer. Errors name what could not be reached.
 *
 * @param what was asked about, as in "topic readings"
 * @throws UnknownTopic if Kafka has no such topic, RefusedByKafka if it does not let this client ask, Unavailable if it
 * does not answer; what else goes wrong stays the error that it is
 */
export async function kafkaAnswer<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw failureOf(what, error)
  }
}

function failureOf(what: string, error: unknown): unknown {
  const options = { cause: rootOf(error) }
  if (brokersAnswer(error) === 'UNKNOWN_TOPIC_OR_PARTITION')
    return unknownTopic(`Kafka has no ${what}`, options)
  const { message } = options.cause as Error
  if (isRefusal(error))
    return new RefusedByKafka(`Kafka refuses to describe the ${what}: ${message}`, options)
  if (!isAway(error)) return error
  return new Unavailable(
    'broker-unavailable',
    `Kafka does not answer, asked about the ${what}: ${message}`,
    options,
  )
}

/** The library wraps the original error, in some cases twice: the innermost one says the most. */
function rootOf(error: unknown): unknown {
  const { cause } = error as { cause?: unknown }
  return cause instanceof Error ? rootOf(cause) : error
}
