/** Converts errors of requests to Kafka. Requests to Redis already fail with `Unavailable`. */
import { brokersAnswer, isAway, isRefusal } from '#runtime/adapters/kafka/availability.ts'
import { RefusedByKafka, unknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { serverUnavailable } from '#runtime/adapters/server-failure.ts'

/**
 * Waits for an answer of Kafka, and converts its errors. All other errors are rethrown.
 *
 * @param what subject of the request for the error message, such as "topic readings"
 * @throws UnknownTopic if the topic does not exist
 * @throws RefusedByKafka if this client lacks permission
 * @throws Unavailable if Kafka does not answer
 */
export async function awaitKafkaAnswer<T>(what: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw toFailure(what, error)
  }
}

function toFailure(what: string, error: unknown): unknown {
  if (brokersAnswer(error) === 'UNKNOWN_TOPIC_OR_PARTITION')
    return unknownTopic(`Kafka has no ${what}`, { cause: error })
  if (isRefusal(error))
    return new RefusedByKafka(`Kafka refuses to describe the ${what}: ${getReason(error)}`, { cause: error })
  return isAway(error) ? serverUnavailable('kafka', error) : error
}

/** Returns the message of the innermost error, which is the most specific one. The Kafka client wraps errors, sometimes twice. */
export function getReason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? getReason(cause) : message
}
