import { randomUUID } from 'node:crypto'
import { type LambdaEvent, type LambdaRecord, lambdaEvent, partitionName } from './event.ts'
import type { LaneRecord } from './lane.ts'
import type { Mapping } from './mappings.ts'
import { countOf, type Part } from './parts.ts'

/** Why records are given up. Rules 15, 45; the setting `overAgeCondition` spells the last. */
export type Condition =
  | 'RetryAttemptsExhausted'
  | 'RecordAgeExceeded'
  | 'MaximumPayloadSizeExceeded'
  | 'SCHEMA_NOT_FOUND'
  | 'DESERIALIZATION_ERROR'

/** Records that are given up together. */
export interface GivenUp {
  readonly parts: readonly Part<LaneRecord>[]
  readonly condition: Condition
  /** How often they were sent to the function. */
  readonly invocations: number
  /** The last answer; absent where they were never sent. */
  readonly response?: LastResponse
}

export interface LastResponse {
  readonly requestId: string
  /** False where the function answered and named the records itself. */
  readonly isFunctionError: boolean
}

type InvocationMapping = Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn' | 'functionArn' | 'open'>

/** What the payloads of one event source have in common. */
export interface Origin {
  readonly mapping: InvocationMapping
  readonly brokers: readonly string[]
}

/** What SQS and SNS receive: metadata alone. Rules 41, 44. */
export function batchRecord(givenUp: GivenUp, origin: Origin, nowMs: number) {
  const { parts } = givenUp
  const { mapping } = origin
  const ranges = parts.map(({ partition, records }) => [
    partitionName(mapping.topic, partition),
    {
      firstRecordOffset: String(records[0]?.offset),
      lastRecordOffset: String(records.at(-1)?.offset),
      firstRecordTimestamp: time(records[0]),
      lastRecordTimestamp: time(records.at(-1)),
    },
  ])
  const event = eventOf(parts, origin)
  const info = { recordsInfo: Object.fromEntries(ranges) }
  return head(givenUp, mapping.functionArn, givenUp.condition, info, event, origin, nowMs)
}

/** What S3 receives: the same, and the whole event as text. Rule 46. */
export function objectRecord(givenUp: GivenUp, origin: Origin, nowMs: number) {
  return { ...batchRecord(givenUp, origin, nowMs), payload: JSON.stringify(eventOf(givenUp.parts, origin)) }
}

/** What a topic receives: one record, and the event with it alone as an object. Rule 47. */
export function topicRecord(givenUp: GivenUp, origin: Origin, nowMs: number) {
  const { mapping } = origin
  const record = givenUp.parts[0]?.records[0]
  const { condition } = givenUp
  const spelled = condition === 'RetryAttemptsExhausted' ? mapping.open.kafkaCondition : condition
  const event = eventOf(givenUp.parts, origin)
  const info = { recordInfo: { offset: String(record?.offset), timestamp: time(record) } }
  const payload = head(givenUp, `${mapping.functionArn}:$LATEST`, spelled, info, event, origin, nowMs)
  return { ...payload, payload: event }
}

/** Each record by itself. */
export function* oneByOne(givenUp: GivenUp): Generator<GivenUp> {
  for (const { partition, records } of givenUp.parts) {
    for (const record of records) yield { ...givenUp, parts: [{ partition, records: [record] }] }
  }
}

export function eventOf(parts: readonly Part<LaneRecord>[], { mapping, brokers }: Origin): LambdaEvent {
  return lambdaEvent(
    mapping,
    brokers,
    parts.map(({ partition, records }) => [partition, records.flatMap(({ record }) => record ?? [])]),
  )
}

function head(
  { parts, invocations, response }: GivenUp,
  functionArn: string,
  condition: string,
  info: object,
  event: LambdaEvent,
  { brokers }: Origin,
  nowMs: number,
) {
  return {
    requestContext: {
      requestId: response?.requestId ?? randomUUID(),
      functionArn,
      condition,
      approximateInvokeCount: invocations,
    },
    // Nothing that was never sent has an answer: so it is documented for what is too large.
    responseContext: response
      ? {
          statusCode: 200,
          executedVersion: '$LATEST',
          ...(response.isFunctionError && { functionError: 'Unhandled' }),
        }
      : null,
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    KafkaBatchInfo: {
      batchSize: countOf(parts),
      ...(event.eventSourceArn !== undefined && { eventSourceArn: event.eventSourceArn }),
      bootstrapServers: brokers.join(','),
      payloadSize: Buffer.byteLength(JSON.stringify(event)),
      ...info,
    },
  }
}

function time(record: { readonly record?: LambdaRecord | undefined } | undefined): string {
  return new Date(record?.record?.timestamp ?? 0).toISOString()
}
