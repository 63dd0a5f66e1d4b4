/** Converts errors of Kafka and its client library to errors of the engine. */
import { RecordRefused, Unavailable } from '../../pipeline/errors.ts'
import { serverUnavailable } from '../server-failure.ts'
import { brokersAnswer, isAway, isRefusal } from './availability.ts'

/** Error response of a broker that does not know the topic. */
export const UNKNOWN_TOPIC = 'UNKNOWN_TOPIC_OR_PARTITION'

/** Returns the error for a topic that does not exist, or that the brokers do not know yet. */
export function unknownTopic(message: string, options?: ErrorOptions): Unavailable {
  return Object.assign(new Unavailable('broker-unavailable', message, options), { name: NO_TOPIC })
}

const NO_TOPIC = 'UnknownTopic'

export function isUnknownTopic(error: unknown): error is Unavailable {
  return error instanceof Unavailable && error.name === NO_TOPIC
}

/** Returns the error for a missing topic. The message contains the topic's name, which brokers do not report. */
export function missingTopic(topic: string, cause: unknown): Unavailable {
  return unknownTopic(`Kafka has no topic "${topic}": create it, or allow this program to describe it`, {
    cause,
  })
}

/** Returns the error for a partition that the topic does not have, according to the producer's metadata, which may be outdated. */
export function unknownPartition(topic: string, count: number, partition: number): RecordRefused {
  return new RecordRefused(
    `the topic ${topic} has ${count} partitions, so partition ${partition} does not exist`,
  )
}

/** Error responses about a record that Kafka refuses on every attempt. */
export const REFUSED_RECORD: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
])

/** Error for a request that Kafka refuses, as opposed to a single record. A permission or a setting must be changed. */
export class RefusedByKafka extends Error {
  override readonly name = 'RefusedByKafka'
  readonly code: 'refused' | 'topic-not-created'

  constructor(message: string, options?: ErrorOptions, code: RefusedByKafka['code'] = 'refused') {
    super(message, options)
    this.code = code
  }
}

/**
 * Returns the error for records that Kafka may accept later. Reports of failed functions recognise this error by the beginning of
 * its message.
 */
export function notTaken(why: string, options?: ErrorOptions): Unavailable {
  return new Unavailable('broker-unavailable', `Kafka did not take it: ${why}`, options)
}

/**
 * Converts temporary errors to `Unavailable`. Other errors are returned unchanged, so that they are logged
 * with their location in the code.
 */
export function toEngineError(error: unknown): unknown {
  const { message } = error as Error
  const options = { cause: error }
  const answer = brokersAnswer(error)
  if (answer === UNKNOWN_TOPIC) return unknownTopic(message, options)
  if (answer !== undefined && REFUSED_RECORD.has(answer))
    return new RecordRefused(`Kafka refuses a record: ${message}`, options)
  if (isAway(error)) return serverUnavailable('kafka', error)
  return isRefusal(error) ? new RefusedByKafka(`Kafka refuses it: ${message}`, options) : error
}
