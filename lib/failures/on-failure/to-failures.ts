/** Converts records that Lambda has discarded to failure records. Pure. */

import { type LogRecord, originalHeaders, toBase64 } from '#runtime/cloudevents/index.ts'
import { derivedId, type Event, type FailureData, instant, type RecordPart } from '#runtime/consumer/index.ts'
import { listLogOnlyParts } from '#runtime/pipeline/outbox/index.ts'
import { toDataschema } from '../../telemetry/dataschema.ts'
import { FAILURE_TYPE } from '../event-types.ts'
import { LAMBDA_DISCARDED } from '../policy.ts'
import { type Discarded, type DiscardedRange, toLogRecords } from './discarded-batch.ts'

/**
 * Maximum size of the data of a failure event as JSON, in bytes. The rest of the message size of 2 MiB is reserved for the
 * attributes of the event.
 */
const MAX_DATA = 2 * 1024 * 1024 - 64 * 1024

/**
 * Returns a failure for each discarded record, and one for each range of records whose contents are unknown.
 *
 * @param resolveConsumer returns the consumer to which a Lambda function belongs
 */
export function toFailures(
  discarded: Discarded,
  resolveConsumer: (functionName: string) => string,
): readonly FailureData[] {
  const consumer = resolveConsumer(discarded.functionName)
  return [
    ...toLogRecords(discarded).map(record => toRecordFailure(discarded, consumer, record)),
    ...discarded.ranges.map(range => toRangeFailure(discarded, consumer, range)),
  ]
}

/** Returns the event of a failure for the failures topic. If Lambda's message is delivered several times, the event is the same. */
export function failureEvent({ requestId }: Discarded, failure: FailureData): Event<FailureData> {
  const { consumer, originalTopic: topic, originalPartition: partition, originalOffset: offset } = failure
  return {
    id: derivedId(LAMBDA_DISCARDED, consumer, topic, partition, offset, requestId),
    ...toAddress(failure),
    type: FAILURE_TYPE,
    time: failure.failedAt,
    datacontenttype: 'application/json',
    dataschema: toDataschema(FAILURE_TYPE),
    data: failure,
  }
}

/** Returns source and subject of a failure event, in the same form as in the failure events of consumers. */
export function toAddress(failure: FailureData): { readonly source: string; readonly subject: string } {
  const { consumer, originalTopic, originalPartition, originalOffset } = failure
  return {
    source: `/consumers/${consumer}`,
    subject: `${originalTopic}/${originalPartition}/${originalOffset}`,
  }
}

function toRecordFailure(discarded: Discarded, consumer: string, record: LogRecord): FailureData {
  const { topic, partition, offset, timestampMs, key, value } = record
  const onlyInLog = listLogOnlyParts(record)
  let failure: FailureData = {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: offset,
    originalTimestamp: timestampMs,
    originalKey: onlyInLog.includes('key') ? null : toBase64(key),
    originalValue: onlyInLog.includes('value') ? null : toBase64(value),
    originalHeaders: originalHeaders(record).map(([name, bytes]) => ({ name, value: toBase64(bytes) })),
    ...buildCommonFields(discarded, consumer, timestampMs),
    error: describeDiscard(discarded),
    omitted: onlyInLog,
  }
  const omitted: RecordPart[] = [...onlyInLog]
  for (const [part, nothing] of PARTS) {
    if (JSON.stringify(failure).length <= MAX_DATA) break
    if (!omitted.includes(part)) omitted.push(part)
    failure = {
      ...failure,
      ...nothing,
      omitted,
      error: `${describeDiscard(discarded)}; omitted because of their size: ${omitted.join(', ')}`,
    }
  }
  return failure
}

const PARTS: readonly (readonly [RecordPart, Partial<FailureData>])[] = [
  ['value', { originalValue: null }],
  ['headers', { originalHeaders: [] }],
  ['key', { originalKey: null }],
]

function toRangeFailure(discarded: Discarded, consumer: string, range: DiscardedRange): FailureData {
  const { topic, partition, firstOffset, lastOffset, timestampMs } = range
  const offset = Number(firstOffset)
  const offsets = firstOffset === lastOffset ? firstOffset : `${firstOffset} to ${lastOffset}`
  return {
    originalTopic: topic,
    originalPartition: partition,
    originalOffset: Number.isSafeInteger(offset) ? offset : 0,
    originalTimestamp: timestampMs,
    originalKey: null,
    originalValue: null,
    originalHeaders: [],
    ...buildCommonFields(discarded, consumer, timestampMs),
    error: `${describeDiscard(discarded)}; the records are only in the log: ${topic}, partition ${partition}, offsets ${offsets}`,
    omitted: ['key', 'value', 'headers'],
  }
}

function buildCommonFields({ at }: Discarded, consumer: string, timestampMs: number) {
  const failedAt = at ?? instant(Math.max(0, timestampMs))
  const first = { attempt: 1, history: [], parks: false }
  return { errorType: LAMBDA_DISCARDED, consumer, firstFailedAt: failedAt, failedAt, ...first }
}

function describeDiscard({ condition, functionName, requestId }: Discarded): string {
  return `Lambda discarded it: ${condition} of ${functionName}, request ${requestId}`
}
