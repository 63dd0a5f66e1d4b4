/**
 * Builds the JSON of an event as Lambda sends it. The text is assembled directly from bytes, because building and serializing
 * objects would take several times as long.
 */
import { listHeaders } from '@sluice/kafka-records'
import type { Mapping } from '../config/mappings.ts'
import { type Message, partitionName } from './event.ts'

/** Returns the JSON of a `LambdaRecord`. A header that is null in Kafka becomes an empty object. See rules 12 and 13 in `RULES.md`. */
export function recordJson(topic: string, partition: number, message: Message): string {
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

function headersJson(message: Message): string {
  const headers = listHeaders(message)
  if (headers.length === 0) return '[]'
  return `[${headers.map(([name, bytes]) => `{${JSON.stringify(name)}:${bytes ? `[${toSignedBytes(bytes)}]` : '{}'}}`).join()}]`
}

/** Returns bytes as signed integers, like Java does. See rule 13 in `RULES.md`. */
function toSignedBytes(bytes: Buffer): string {
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length).join()
}
