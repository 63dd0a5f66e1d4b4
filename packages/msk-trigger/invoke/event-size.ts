import { listHeaders } from '@sluice/kafka-records'
import { type PolledMessage, partitionName, type SchemaMetadata } from './event.ts'

/** Maximum payload of a synchronous invocation: 6 MB of JSON. See rule 1 in `RULES.md`. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024

/** Length of the JSON around the values of a record, including the comma after it. `key` and `value` are added only if present. */
const FRAME = '{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"","headers":[]},'.length
const KEY = '"key":"",'.length
const VALUE = '"value":"",'.length
const KEY_SCHEMA = '"keySchemaMetadata":{"dataFormat":"","schemaId":""},'.length
const VALUE_SCHEMA = '"valueSchemaMetadata":{"dataFormat":"","schemaId":""},'.length

/**
 * Returns the size of a record in the JSON event, including the comma after it (rule 8 in `RULES.md`). The size is calculated
 * without building the JSON, because every record is measured.
 */
export function recordBytes(topic: string, partition: number, message: PolledMessage): number {
  let bytes = FRAME + topic.length + digits(partition) + message.offset.length + message.timestamp.length
  bytes += message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME'.length : 'CREATE_TIME'.length
  if (message.key != null) bytes += KEY + base64Length(message.key)
  if (message.value != null) bytes += VALUE + base64Length(message.value)
  if (message.keySchema) bytes += KEY_SCHEMA + metadataLength(message.keySchema)
  if (message.valueSchema) bytes += VALUE_SCHEMA + metadataLength(message.valueSchema)
  const headers = listHeaders(message)
  for (const [name, value] of headers) bytes += headerBytes(name, value)
  return bytes + Math.max(0, headers.length - 1)
}

/** Returns the size of a partition in the JSON event without its records, such as `"topic-0":[],`. */
export function partitionBytes(topic: string, partition: number): number {
  return partitionName(topic, partition).length + '"":[],'.length
}

function base64Length({ length }: Buffer): number {
  return 4 * Math.ceil(length / 3)
}

function metadataLength({ dataFormat, schemaId }: SchemaMetadata): number {
  return dataFormat.length + schemaId.length
}

/** Returns the size of a header such as `{"name":[1,22,-128]}`. */
function headerBytes(name: string, value: Buffer | null): number {
  if (!value) return '{:[]}'.length + nameBytes(name)
  let numbers = Math.max(0, value.length - 1)
  for (const byte of value) numbers += byte < 128 ? digits(byte) : 1 + digits(256 - byte)
  return '{:[]}'.length + nameBytes(name) + numbers
}

/** Returns the size of a name as JSON. Most names contain no characters that need escaping and are measured quickly. */
function nameBytes(name: string): number {
  return PLAIN.test(name) ? '""'.length + name.length : Buffer.byteLength(JSON.stringify(name))
}

const PLAIN = /^[ !#-[\]-~]*$/

function digits(value: number): number {
  return value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : String(value).length
}
