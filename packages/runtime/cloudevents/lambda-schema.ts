/**
 * Undoes the changes of Lambda's schema registry support to keys and values. Both formats that an event source mapping can deliver
 * are supported: `SOURCE` removes the id of the schema, and `JSON` replaces Avro and Protobuf by JSON. Source: AWS Lambda Developer
 * Guide, "Using schema registries with Kafka event sources in Lambda".
 */
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { isFailure } from './event.ts'
import { inJson, withJsonData } from './json-format.ts'
import type { LambdaSchema, LogRecord } from './record.ts'
import { FRAME_BYTES, framedWith } from './wire-format.ts'

/** Schema ids of a registry with Confluent's API. AWS Glue has UUIDs instead. */
const REGISTRY_ID = /^\d{1,10}$/
const MAX_ID = 2 ** 32 - 1

/**
 * Returns the bytes that the producer wrote; undefined if they exist only in the log. Neither format changes JSON, so only the
 * schema id is restored. Avro or Protobuf data counts as decoded if the bytes are a JSON object, list or string.
 */
export function originalBytes(bytes: Buffer, { dataFormat, schemaId }: LambdaSchema): Buffer | undefined {
  if (!REGISTRY_ID.test(schemaId) || Number(schemaId) > MAX_ID) return undefined
  if (dataFormat !== 'JSON' && isJsonText(bytes)) return undefined
  return framedWith(Number(schemaId), bytes)
}

type LambdaValue = Pick<LogRecord, 'value' | 'decodedByLambda' | 'validatedByLambda'>

/** Returns the value to parse. It is the value in the log, but without the schema id if Lambda has validated the value as JSON. */
export function readableValue({ value, validatedByLambda }: LambdaValue): Buffer | null {
  return validatedByLambda && value ? value.subarray(FRAME_BYTES) : value
}

/** Returns the schema with which Lambda has decoded the value, so that no registry is needed; undefined if it was not decoded. */
export function findLambdaSchema(
  record: Omit<LambdaValue, 'value'>,
): Pick<LambdaSchema, 'dataFormat'> | undefined {
  const { decodedByLambda, validatedByLambda } = record
  return validatedByLambda ? { dataFormat: 'JSON' } : decodedByLambda?.value
}

/**
 * Returns the event with plain data if Lambda has decoded the record's value. Avro has no absent fields, so Lambda's JSON contains
 * null instead, and fields with null are removed. Protobuf data remains in Protobuf's JSON mapping.
 */
export function readByLambda(event: Event, schema: Pick<LambdaSchema, 'dataFormat'>): Event | Failure {
  if (Buffer.isBuffer(event.data) && !isJsonText(event.data))
    return failure(
      'schema-unknown',
      "Lambda has removed the schema id, and the registry does not have Confluent's API: configure the mapping to deliver JSON",
    )
  const read = Buffer.isBuffer(event.data) ? withJsonData(event, event.data) : inJson(event)
  if (isFailure(read) || schema.dataFormat !== 'AVRO') return read
  return { ...read, data: withoutNulls(read.data, 0) }
}

/** Maximum nesting depth of data. Deeper data is rejected later. */
const DEEPEST = 200

function withoutNulls(value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null || level > DEEPEST) return value
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, level + 1))
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member, level + 1)]))
}

/**
 * Returns true if the bytes are a JSON object, list or string. Protobuf never begins like this, because its message index would
 * have a negative length; neither does an Avro record that begins with a string. Only data that was crafted for this purpose can be
 * valid in both formats.
 */
function isJsonText(bytes: Buffer): boolean {
  if (!'{["'.includes(String.fromCharCode(bytes[0] ?? 0))) return false
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}
