/** Converts errors of requests to Kafka. Requests to Redis already fail with `Unavailable`. */
import { setTimeout as pause } from 'node:timers/promises'
import {
  brokersAnswer,
  isAway,
  isRefusal,
  RefusedByKafka,
  serverUnavailable,
  unknownTopic,
} from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'

/**
 * Waits for an answer of Kafka, and converts its errors. All other errors are rethrown.
 *
 * @param what subject of the request for the error message, such as "topic readings"
 * @throws Unavailable for which `isUnknownTopic` is true if the topic does not exist
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

/** Time for which a query that can do without Kafka waits for it, in milliseconds. */
const BRIEFLY_MS = 500

/**
 * Returns an answer of Kafka.
 *
 * @param answer rejects with the errors of `awaitKafkaAnswer`; undefined for an unknown value
 * @param otherwise value to return if Kafka does not answer soon
 */
export async function answerSoon<T>(answer: Promise<T | undefined>, otherwise: T): Promise<T> {
  const found = answer.catch(ignoreOutage)
  return (await Promise.race([found, pause(BRIEFLY_MS, undefined, { ref: false })])) ?? otherwise
}

function ignoreOutage(error: unknown): undefined {
  const isExpected = error instanceof Unavailable || error instanceof RefusedByKafka
  if (!isExpected) throw error
}

/** Returns the message of the innermost error, which is the most specific one. The Kafka client wraps errors, sometimes twice. */
export function getReason(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? getReason(cause) : message
}
