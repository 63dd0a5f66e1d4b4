import { listHeaders } from '@sluice/kafka-records'
import type { Mapping } from '../config/mappings.ts'
import { type LambdaEvent, type PolledMessage, partitionName } from './event.ts'
import { copyRecords, countBytes, type PackedRecord, unpack } from './packed-records.ts'

/** An event for a handler. */
export interface EventContent {
  /** Returns the event as the JSON that Lambda sends. */
  json(): string
  /** Packed form of the event for a thread of this process, which can use it instead of JSON. */
  readonly packedEvent?: PackedEvent
}

/** Fields of an event that are not part of the packed records. */
export interface EventHead {
  readonly eventSource: LambdaEvent['eventSource']
  readonly eventSourceArn: string | undefined
  readonly bootstrapServers: string
  readonly topic: string
  readonly parts: readonly (readonly [partition: number, count: number])[]
}

/** Packed records of an event, with the remaining fields. */
export interface PackedEvent {
  readonly head: EventHead
  readonly length: number
  /** Copies the packed records to `target`, which must be at least `length` bytes long. */
  copyTo(target: Uint8Array): void
}

/**
 * Event with these records. Within each partition, they must be in the order of their offsets. See rules 7 and 11 in `RULES.md`.
 */
export class RecordsEvent implements EventContent, PackedEvent {
  readonly head: EventHead
  readonly #mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>
  readonly #brokers: readonly string[]
  readonly #parts: readonly (readonly [partition: number, records: readonly PackedRecord[]])[]

  constructor(
    mapping: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>,
    brokers: readonly string[],
    parts: readonly (readonly [partition: number, records: readonly PackedRecord[]])[],
  ) {
    this.#mapping = mapping
    this.#brokers = brokers
    this.#parts = parts
    this.head = {
      eventSource: mapping.kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
      eventSourceArn: mapping.eventSourceArn,
      bootstrapServers: brokers.join(','),
      topic: mapping.topic,
      parts: parts.map(([partition, records]) => [partition, records.length]),
    }
  }

  get packedEvent(): PackedEvent {
    return this
  }

  get length(): number {
    return this.#parts.reduce((sum, [, records]) => sum + countBytes(records), 0)
  }

  copyTo(target: Uint8Array): void {
    let at = 0
    for (const [, records] of this.#parts) at = copyRecords(records, target, at)
  }

  json(): string {
    const { topic } = this.head
    return eventJson(
      this.#mapping,
      this.#brokers,
      this.#parts.map(([partition, records]) => [
        partition,
        records.map(record => recordJson(topic, partition, unpack(record))),
      ]),
    )
  }
}

/**
 * Returns the JSON of a `LambdaRecord`. A header that is null in Kafka becomes an empty object. The text is assembled directly from
 * bytes, because building and serializing objects would take several times as long. See rules 12 and 13 in `RULES.md`.
 */
export function recordJson(topic: string, partition: number, message: PolledMessage): string {
  const { offset, timestamp, key, value, keySchema, valueSchema } = message
  // If the timestamp type is LogAppendTime (1), kafkajs has set the timestamp to the broker's time.
  const type = message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
  let json = `{"topic":"${topic}","partition":${partition},"offset":${offset},"timestamp":${timestamp},"timestampType":"${type}","headers":${headersJson(message)}`
  if (key != null) json += `,"key":"${key.toString('base64')}"`
  if (keySchema) json += `,"keySchemaMetadata":${JSON.stringify(keySchema)}`
  if (value != null) json += `,"value":"${value.toString('base64')}"`
  if (valueSchema) json += `,"valueSchemaMetadata":${JSON.stringify(valueSchema)}`
  return `${json}}`
}

/**
 * Returns the JSON of a `LambdaEvent`. See rules 7 and 11 in `RULES.md`.
 *
 * @param parts partitions, each with the JSON of its records in the order of their offsets
 */
export function eventJson(
  { kind, topic, eventSourceArn }: Pick<Mapping, 'kind' | 'topic' | 'eventSourceArn'>,
  brokers: readonly string[],
  parts: Iterable<readonly [partition: number, records: readonly string[]]>,
): string {
  const source = {
    eventSource: kind === 'msk' ? 'aws:kafka' : 'SelfManagedKafka',
    ...(eventSourceArn !== undefined && { eventSourceArn }),
    bootstrapServers: brokers.join(','),
  }
  const records = Array.from(
    parts,
    ([partition, list]) => `"${partitionName(topic, partition)}":[${list.join()}]`,
  )
  return `${JSON.stringify(source).slice(0, -1)},"records":{${records.join()}}}`
}

function headersJson(message: PolledMessage): string {
  const headers = listHeaders(message)
  if (headers.length === 0) return '[]'
  return `[${headers.map(([name, bytes]) => `{${JSON.stringify(name)}:${bytes ? `[${toSignedBytes(bytes)}]` : '{}'}}`).join()}]`
}

/** Returns bytes as signed integers, like Java does. See rule 13 in `RULES.md`. */
function toSignedBytes(bytes: Buffer): string {
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length).join()
}
