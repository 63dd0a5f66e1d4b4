/**
 * Reads the messages that Lambda sends to an on-failure destination when it discards records of a Kafka event source. All
 * documented forms are supported. The records are included as an object (Kafka) or as text (S3), or only their positions are
 * included (SQS, SNS). Pure. Source: AWS Lambda Developer Guide, "Capturing discarded batches for Amazon MSK and self-managed
 * Apache Kafka event sources", and "Using a Kafka topic as an on-failure destination".
 */

import { hash } from 'node:crypto'
import { isTimestamp, type LogRecord, parseTime } from '#runtime/cloudevents/index.ts'
import type { Event } from '#runtime/consumer/index.ts'
import { type KafkaEventRecord, receive } from '#runtime/pipeline/batch/receive.ts'
import { isObject } from '../../support/json.ts'

/** CloudEvents `type` under which the router processes messages of Lambda from Kafka. No event with this type is ever written. */
export const LAMBDA_DISCARDED_TYPE = 'io.sluice.lambda.discarded.v1'

/** Records that Lambda has discarded, and the reason. */
export interface Discarded {
  readonly requestId: string
  readonly functionName: string
  /**
   * Reason that Lambda reports, such as `RetryAttemptsExhausted` (also `RetriesExhausted` in messages in Kafka) or
   * `MaximumPayloadSizeExceeded`.
   */
  readonly condition: string
  /** Time at which Lambda discarded the records, RFC 3339; absent if the message has no valid time. */
  readonly at?: string
  readonly records: readonly KafkaEventRecord[]
  /** Ranges of discarded records whose contents are not in the message. */
  readonly ranges: readonly DiscardedRange[]
}

/** Range of discarded records in one partition. Both offsets are inclusive. */
export interface DiscardedRange {
  readonly topic: string
  readonly partition: number
  /**
   * First offset, as decimal digits. Offsets in samples of the AWS documentation exceed the range of Kafka offsets, so the text is
   * not converted to a number.
   */
  readonly firstOffset: string
  readonly lastOffset: string
  /** Timestamp of the first record, in milliseconds since the epoch; -1 if unknown. */
  readonly timestampMs: number
}

/** Error for a message that does not describe discarded records. The error text does not quote the message. */
export class NotDiscarded extends Error {
  override readonly name = 'NotDiscarded'
}

type Json = Readonly<Record<string, unknown>>

/** Pattern of names that become part of an event's source and of log lines. */
const WORD = /^[\w$-]{1,140}$/

/**
 * Reads a message about discarded records.
 *
 * @param content parsed content of the message
 * @throws NotDiscarded if the message does not describe discarded records
 */
export function readDiscarded(content: unknown): Discarded {
  const { requestContext, KafkaBatchInfo, payload, timestamp } = object(content, 'the message')
  const { requestId, functionArn, condition } = object(requestContext, 'requestContext')
  const info = object(KafkaBatchInfo, 'KafkaBatchInfo')
  const event = readEvent(payload)
  const records = Object.values(event).flatMap(readRecords)
  const here = new Set(records.map(({ topic, partition }) => `${topic}-${partition}`))
  const ranges = readRanges(info, Object.keys(event), here)
  if (records.length + ranges.length === 0) throw new NotDiscarded('no record is named')
  return {
    requestId: word(requestId, 'requestContext.requestId'),
    functionName: readFunctionName(functionArn),
    condition: word(condition, 'requestContext.condition'),
    ...(isTime(timestamp) ? { at: timestamp } : {}),
    records,
    ranges,
  }
}

/**
 * Converts a message about discarded records that Lambda has written to a Kafka topic to an event, which the router can process.
 * Returns undefined for all other records.
 */
export function discardedEvent({ value }: Pick<LogRecord, 'value'>): Event<Discarded> | undefined {
  if (value === null) return undefined
  try {
    const discarded = readDiscarded(JSON.parse(value.toString()))
    return {
      id: hash('sha256', value, 'base64url'),
      source: `/lambda/${discarded.functionName}`,
      type: LAMBDA_DISCARDED_TYPE,
      ...(discarded.at === undefined ? {} : { time: discarded.at }),
      datacontenttype: 'application/json',
      data: discarded,
    }
  } catch (error) {
    if (error instanceof NotDiscarded || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Returns the discarded records as records of the log, by partition and in the order of their offsets. */
export function toLogRecords({ records }: Pick<Discarded, 'records'>): readonly LogRecord[] {
  if (records.length === 0) return []
  const groups = Object.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`)
  return receive({ records: groups as Record<string, KafkaEventRecord[]> }).flatMap(batch => batch.records)
}

/**
 * Returns the Lambda event with the discarded records. It is text in S3 and an object in Kafka. Messages in SQS and SNS do not
 * contain it.
 */
function readEvent(payload: unknown): Json {
  if (payload === undefined || payload === null) return {}
  const event = typeof payload === 'string' ? parseText(payload, 'payload') : payload
  return object(object(event, 'payload').records, 'payload.records')
}

/** Parses JSON. @throws NotDiscarded without the parser's error message, which would quote the text */
export function parseText(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new NotDiscarded(`${what} is not JSON`)
  }
}

/**
 * Returns the schema metadata of a key or a value. Lambda adds it to values that it has decoded with its schema registry support.
 * Without the metadata, the decoded bytes would be mistaken for the original bytes in the log.
 */
function readSchema(record: Json, name: 'keySchemaMetadata' | 'valueSchemaMetadata') {
  if (record[name] === undefined || record[name] === null) return {}
  const { dataFormat, schemaId } = object(record[name], name)
  if (dataFormat !== 'JSON' && dataFormat !== 'AVRO' && dataFormat !== 'PROTOBUF')
    throw new NotDiscarded(`${name} has no known dataFormat`)
  return { [name]: { dataFormat, schemaId: String(schemaId) } }
}

function readRecords(group: unknown): KafkaEventRecord[] {
  if (!Array.isArray(group)) throw new NotDiscarded('payload.records has a value that is not a list')
  return group.map((record, index) => {
    const where = `record ${index} of a partition`
    const { topic, partition, offset, timestamp, key, value, headers = [], ...others } = object(record, where)
    for (const [part, bytes] of [
      ['key', key],
      ['value', value],
    ] as const)
      if (bytes !== undefined && bytes !== null && typeof bytes !== 'string')
        throw new NotDiscarded(`${where}: ${part} is not base64`)
    if (!Array.isArray(headers) || !headers.every(header => typeof header === 'object' && header !== null))
      throw new NotDiscarded(`${where}: headers is not a list of objects`)
    return {
      topic: readTopic(topic, where),
      partition: whole(partition, `partition of ${where}`),
      offset: whole(offset, `offset of ${where}`),
      timestamp: Number.isSafeInteger(timestamp) ? (timestamp as number) : -1,
      key: (key ?? null) as string | null,
      value: (value ?? null) as string | null,
      headers,
      ...readSchema(others, 'keySchemaMetadata'),
      ...readSchema(others, 'valueSchemaMetadata'),
    }
  })
}

/**
 * Returns the ranges of discarded records that are not in the payload. `recordsInfo` contains a range for each partition.
 * `recordInfo` contains the offset of a single record, whose partition is only in the payload.
 *
 * @param here partitions whose records are in the payload
 */
function readRanges(info: Json, partitions: readonly string[], here: ReadonlySet<string>): DiscardedRange[] {
  const { recordsInfo, recordInfo } = info
  if (recordsInfo === undefined && recordInfo === undefined)
    throw new NotDiscarded('KafkaBatchInfo has neither recordsInfo nor recordInfo')
  if (recordsInfo !== undefined)
    return Object.entries(object(recordsInfo, 'recordsInfo')).flatMap(([name, range]) => {
      if (here.has(name)) return []
      const { firstRecordOffset, lastRecordOffset, firstRecordTimestamp } = object(range, 'a range')
      return [parseRange(name, firstRecordOffset, lastRecordOffset, firstRecordTimestamp)]
    })
  const { offset, timestamp } = object(recordInfo, 'recordInfo')
  return partitions.filter(name => !here.has(name)).map(name => parseRange(name, offset, offset, timestamp))
}

/**
 * Returns the range of discarded records in one partition.
 *
 * @param name topic and partition as `<topic>-<partition>`; the topic may contain hyphens
 */
function parseRange(name: string, first: unknown, last: unknown, time: unknown): DiscardedRange {
  const [, topic, partition] = /^(.+)-(\d{1,9})$/.exec(name) ?? []
  return {
    topic: readTopic(topic, 'a range'),
    partition: Number(partition),
    firstOffset: digits(first),
    lastOffset: digits(last),
    timestampMs: isTime(time) ? parseTime(time) : -1,
  }
}

function digits(offset: unknown): string {
  const text = typeof offset === 'number' ? String(offset) : offset
  if (typeof text === 'string' && /^\d{1,80}$/.test(text)) return text
  throw new NotDiscarded('an offset of a range is not a number')
}

function whole(value: unknown, where: string): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number
  throw new NotDiscarded(`${where} is not an integer`)
}

function readTopic(topic: unknown, where: string): string {
  if (typeof topic === 'string' && /^[\w.-]{1,249}$/.test(topic)) return topic
  throw new NotDiscarded(`${where} has no topic name`)
}

/** Returns the function name in an ARN such as `arn:…:function:<name>`. The ARN may end with a version. */
function readFunctionName(arn: unknown): string {
  const [, name] =
    (typeof arn === 'string' && /^arn:[^:]+:lambda:[^:]*:[^:]*:function:([\w-]{1,140})(:|$)/.exec(arn)) || []
  if (name === undefined) throw new NotDiscarded('requestContext.functionArn is not the ARN of a function')
  return name
}

function word(value: unknown, where: string): string {
  if (typeof value === 'string' && WORD.test(value)) return value
  throw new NotDiscarded(`${where} is not a valid name`)
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && isTimestamp(value)
}

function object(value: unknown, where: string): Json {
  if (isObject(value)) return value
  throw new NotDiscarded(`${where} is not an object`)
}
