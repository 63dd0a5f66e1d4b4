/** Builds the failure of a further attempt that was made outside of a consumer. Pure. */
import { type OutgoingRecord, toOutgoingRecord } from '#runtime/cloudevents/index.ts'
import {
  derivedId,
  type Failure,
  type FailureData,
  instant,
  listPositionParts,
  originalPosition,
} from '#runtime/consumer/index.ts'
import { toDataschema } from '../telemetry/dataschema.ts'
import { FAILURE_TYPE } from './event-types.ts'
import { decodeBase64, toFailedAttempt } from './redriven-record.ts'

/**
 * Returns the failure record of the next attempt. It continues the same failure, so that its router sees one failure that has failed
 * again.
 *
 * @param topic Kafka topic of failures
 * @param failedAtMs time of the attempt, which must be the same if the record is built again
 */
export function createNextFailure(
  topic: string,
  failed: FailureData,
  { code, message }: Failure,
  failedAtMs: number,
): OutgoingRecord {
  const { originalTopic, originalPartition, originalOffset, originalLog, originalTimestamp } = failed
  const { originalKey, originalValue, originalHeaders, consumer, firstFailedAt, omitted, parks } = failed
  const attempt = failed.attempt + 1
  const position = listPositionParts(originalPosition(failed))
  const data: FailureData = {
    ...{ originalTopic, originalPartition, originalOffset, originalTimestamp },
    ...(originalLog === undefined ? {} : { originalLog }),
    ...{ originalKey, originalValue, originalHeaders, consumer, firstFailedAt, omitted, parks },
    attempt,
    error: message.slice(0, 1_000),
    errorType: code,
    failedAt: instant(failedAtMs),
    history: [...failed.history, toFailedAttempt(failed)],
  }
  const event = {
    id: derivedId('failure', consumer, ...position, attempt),
    source: `/consumers/${consumer}`,
    type: FAILURE_TYPE,
    subject: `${originalTopic}/${originalPartition}/${originalOffset}`,
    time: data.failedAt,
    datacontenttype: 'application/json',
    dataschema: toDataschema(FAILURE_TYPE),
    data,
  }
  return { ...toOutgoingRecord(topic, null, event), key: decodeBase64(originalKey) }
}
