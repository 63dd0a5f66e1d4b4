/** The event as the JSON that Lambda sends. It is built from bytes: to build objects and serialize them takes several times as long. */
import { headersOf } from '@sluice/kafka-records'
import type { Mapping } from '../config/mappings.ts'
import type { OpenChoices } from '../config/open-choices.ts'
import { type Message, partitionName } from './event.ts'

/** The JSON of one `LambdaRecord`. A header without a value becomes an empty list. Rules 12, 13. */
export function recordJson(
  topic: string,
  partition: number,
  message: Message,
  tombstone: OpenChoices['tombstone'] = 'absent',
): string {
  const { offset, timestamp, key, value, bare, keySchema, valueSchema } = message
  // The timestamp of LogAppendTime (1) is the broker's time, set by kafkajs.
  const type = message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME'
  let json = `{"topic":"${topic}","partition":${partition},"offset":${offset},"timestamp":${timestamp},"timestampType":"${type}","headers":${headersJson(message)}`
  if (key != null) json += `,"key":${field(key, bare?.key)}`
  else if (tombstone === 'null') json += ',"key":null'
  if (keySchema) json += `,"keySchemaMetadata":${JSON.stringify(keySchema)}`
  if (value != null) json += `,"value":${field(value, bare?.value)}`
  else if (tombstone === 'null') json += ',"value":null'
  if (valueSchema) json += `,"valueSchemaMetadata":${JSON.stringify(valueSchema)}`
  return `${json}}`
}

/** The JSON of a `LambdaEvent`. @param parts partitions, and the JSON of their records in offset order. Rules 7, 11. */
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
  const headers = headersOf(message)
  if (headers.length === 0) return '[]'
  return `[${headers.map(([name, bytes]) => `{${JSON.stringify(name)}:[${signed(bytes)}]}`).join()}]`
}

/** Bytes as Java's, from -128 to 127. Rule 13. */
function signed(bytes: Buffer | null): string {
  return bytes ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length).join() : ''
}

/** Returns base64, or the JSON that a registry decoded. */
function field(bytes: Buffer, isBare = false): string {
  return isBare ? bytes.toString() : `"${bytes.toString('base64')}"`
}
