/** What a leader answers for a batch (https://kafka.apache.org/protocol#protocol_error_codes), and whether to send it again. */

import { RecordRefused } from '../../pipeline/errors.ts'
import { notTaken, REFUSED_RECORD, RefusedByKafka, UNKNOWN_TOPIC, UnknownTopic } from './errors.ts'

interface ProduceError {
  readonly name: string
  /** The same batch may be taken later, as it is. */
  readonly isRetriable: boolean
}

const passing = (name: string): ProduceError => ({ name, isRetriable: true })
const lasting = (name: string): ProduceError => ({ name, isRetriable: false })

const ERRORS: Readonly<Record<number, ProduceError>> = {
  2: lasting('CORRUPT_MESSAGE'),
  3: passing(UNKNOWN_TOPIC),
  5: passing('LEADER_NOT_AVAILABLE'),
  6: passing('NOT_LEADER_OR_FOLLOWER'),
  7: passing('REQUEST_TIMED_OUT'),
  8: passing('BROKER_NOT_AVAILABLE'),
  10: lasting('MESSAGE_TOO_LARGE'),
  13: passing('NETWORK_EXCEPTION'),
  17: lasting('INVALID_TOPIC_EXCEPTION'),
  18: lasting('RECORD_LIST_TOO_LARGE'),
  19: passing('NOT_ENOUGH_REPLICAS'),
  20: passing('NOT_ENOUGH_REPLICAS_AFTER_APPEND'),
  29: lasting('TOPIC_AUTHORIZATION_FAILED'),
  31: lasting('CLUSTER_AUTHORIZATION_FAILED'),
  32: lasting('INVALID_TIMESTAMP'),
  44: lasting('POLICY_VIOLATION'),
  45: lasting('OUT_OF_ORDER_SEQUENCE_NUMBER'),
  46: lasting('DUPLICATE_SEQUENCE_NUMBER'),
  47: lasting('INVALID_PRODUCER_EPOCH'),
  48: lasting('INVALID_TXN_STATE'),
  53: lasting('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'),
  56: passing('KAFKA_STORAGE_ERROR'),
  59: lasting('UNKNOWN_PRODUCER_ID'),
  74: passing('FENCED_LEADER_EPOCH'),
  76: lasting('UNSUPPORTED_COMPRESSION_TYPE'),
  87: lasting('INVALID_RECORD'),
  90: lasting('PRODUCER_FENCED'),
}

/** Has the broker written the batch before? Then it is written, although this answer is an error. */
export const DUPLICATE_SEQUENCE = 46

/** The broker remembers other sequences of this producer, or none: the batch was not written now. */
export const FOREIGN_SEQUENCE: ReadonlySet<number> = new Set([45, 59])

/** The error of the engine for an answer of a leader, with what to do where that is known. */
export function answeredError(code: number, place: string): Error {
  const { name, isRetriable } = produceError(code)
  const message = `${name} for ${place}`
  if (name === UNKNOWN_TOPIC) return new UnknownTopic(message)
  if (isRetriable) return notTaken(message)
  if (!REFUSED_RECORD.has(name)) return new RefusedByKafka(message)
  const advice = name === 'INVALID_RECORD' ? '' : ': the topic takes less in one batch, see batchBytes'
  return new RecordRefused(`${message}${advice}`)
}

export function produceError(code: number): ProduceError {
  return ERRORS[code] ?? lasting(`error ${code} of Kafka's protocol`)
}
