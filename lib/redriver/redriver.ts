/**
 * Forwarder `redriver`: redrives failed records from the retry topics once their delay has passed. A record is written to its
 * original topic and partition, with headers that make all consumers except the failed one skip it. Nothing is written into the
 * topics of other applications: their records have a topic of their own.
 */

import {
  createRedrivenRecord,
  type ForeignRedriveTopic,
  isFailure,
  isRedrivable,
  readEvent,
} from '#runtime/cloudevents'
import {
  type Application,
  deferRecord,
  type FailureData,
  type Forwarder,
  forwardRecord,
  reject,
  type SourceRecord,
  type TopicName,
} from '#runtime/consumer'
import { isBase64 } from '../failures/dlq-record.ts'
import { RETRY_TYPE } from '../failures/event-types.ts'

/** Topic in which failure records wait for a retry. */
interface RetryTopic {
  readonly name: TopicName
  readonly kafkaTopic: string
  /** Time between the timestamp that the broker assigned to a record and its redrive, in milliseconds. */
  readonly delayMs: number
}

export interface RedriverParts {
  readonly from: readonly RetryTopic[]
  /** Kafka names of the topics to which records may be redriven, which are the topics that consumers read. */
  readonly backTo: ReadonlySet<string>
  readonly readData: Application['readData']
  /** Topic for failed records of other applications, with the consumer that reads it. */
  readonly foreign: ForeignRedriveTopic & { readonly consumer: string }
}

/**
 * Returns the redriver. Due times are compared with the function's clock. If the broker's clock is ahead of it, records are
 * redriven late by the difference, but never early.
 */
export function redriver(parts: RedriverParts): Forwarder {
  const { from, backTo, readData, foreign } = parts
  const delays = new Map(from.map(({ kafkaTopic, delayMs }) => [kafkaTopic, delayMs]))
  return {
    name: 'redriver',
    from: from.map(({ name }) => name),
    forward(record, nowMs) {
      const delayMs = delays.get(record.topic)
      if (delayMs === undefined) throw new Error(`${record.topic} is not one of the redriver's topics`)
      const dueMs = record.timestampMs + delayMs
      if (dueMs > nowMs) return deferRecord(dueMs)
      const failure = waitingFailure(record, readData)
      if (typeof failure === 'string') return reject(failure, failure)
      const { originalTopic, originalPartition, originalOffset } = failure
      const place = `${originalTopic}/${originalPartition}, offset ${originalOffset}`
      const through =
        !backTo.has(originalTopic) && failure.consumer === foreign.consumer ? foreign : undefined
      if (!backTo.has(originalTopic) && through === undefined) {
        const why = `it comes from ${place}: no consumer of this environment reads that topic`
        return reject(why, TOPIC_NAME.test(originalTopic) ? why : 'it comes from what is not a topic')
      }
      if (!isRedrivable(failure)) {
        const why = `it comes from ${place}, and only there is all of it: ${failure.omitted} left out`
        return reject(why, why)
      }
      return forwardRecord('redriven', createRedrivenRecord(failure, undefined, through))
    },
  }
}

/** Pattern of valid topic names. Any client can write to a retry topic, so other names are not logged. */
const TOPIC_NAME = /^[\w.-]{1,249}$/

/**
 * Returns the failure in a record of a retry topic, or an error message. Any client can write to the topic, so the record is
 * validated.
 */
function waitingFailure(record: SourceRecord, readData: RedriverParts['readData']): FailureData | string {
  const event = readEvent(record)
  if (isFailure(event)) return `${event.code}: ${event.message}`
  if (event.type !== RETRY_TYPE) return `its type is not ${RETRY_TYPE}`
  const read = readData(event)
  if (read.kind === 'failure') return `${read.code}: ${read.message}`
  const failure = read.data as FailureData
  const { originalKey, originalValue, originalHeaders } = failure
  const encoded = [originalKey, originalValue, ...originalHeaders.map(({ value }) => value)]
  return encoded.every(isBase64) ? failure : 'its key, its value or a header is not base64'
}
