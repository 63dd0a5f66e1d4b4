/**
 * Undoes the changes of Lambda's own registry support to keys and values. Both settings of a mapping are recognized: `SOURCE`
 * removes the id of the schema, `JSON` delivers JSON instead of Avro and Protobuf. Source: AWS Lambda Developer Guide, "Using
 * schema registries with Kafka event sources in Lambda".
 */
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { isFailure } from './event.ts'
import { inJson, withJsonData } from './json-format.ts'
import type { LambdaSchema, LogRecord } from './record.ts'
import { FRAME_BYTES, framedWith } from './wire-format.ts'

/** A registry with Confluent's API has such ids; AWS Glue has UUIDs. */
const REGISTRY_ID = /^\d{1,10}$/
const MAX_ID = 2 ** 32 - 1

/**
 * The bytes that the producer wrote; undefined if they are only in the log. JSON is not changed by either setting, so its id is put
 * back. Avro and Protobuf that begin like an object, a list or a text of JSON, and are JSON, were decoded.
 */
export function originalBytes(bytes: Buffer, { dataFormat, schemaId }: LambdaSchema): Buffer | undefined {
  if (!REGISTRY_ID.test(schemaId) || Number(schemaId) > MAX_ID) return undefined
  if (dataFormat !== 'JSON' && isJsonText(bytes)) return undefined
  return framedWith(Number(schemaId), bytes)
}

type LambdaValue = Pick<LogRecord, 'value' | 'decodedByLambda' | 'validatedByLambda'>

/** The value to be read: that of the log, but JSON that Lambda has validated is there without the id of its schema. */
export function readableValue({ value, validatedByLambda }: LambdaValue): Buffer | null {
  return validatedByLambda && value ? value.subarray(FRAME_BYTES) : value
}

/** The schema by which Lambda has read the value, so that it takes no registry; undefined if it has not. */
export function lambdaSchemaOf(
  record: Omit<LambdaValue, 'value'>,
): Pick<LambdaSchema, 'dataFormat'> | undefined {
  const { decodedByLambda, validatedByLambda } = record
  return validatedByLambda ? { dataFormat: 'JSON' } : decodedByLambda?.value
}

/**
 * The event with plain data, of a record whose value Lambda has decoded. Avro has no absent fields: where JSON leaves out a field,
 * what Lambda makes of Avro has null. Protobuf stays as it is in its own JSON mapping.
 */
export function readByLambda(event: Event, schema: Pick<LambdaSchema, 'dataFormat'>): Event | Failure {
  if (Buffer.isBuffer(event.data) && !isJsonText(event.data))
    return failure(
      'schema-unknown',
      "Lambda has removed the id of its schema, which is not one of a registry with Confluent's API: let the mapping deliver JSON",
    )
  const read = Buffer.isBuffer(event.data) ? withJsonData(event, event.data) : inJson(event)
  if (isFailure(read) || schema.dataFormat !== 'AVRO') return read
  return { ...read, data: withoutNulls(read.data, 0) }
}

/** Deeper levels than this are refused later. */
const DEEPEST = 200

function withoutNulls(value: unknown, level: number): unknown {
  if (typeof value !== 'object' || value === null || level > DEEPEST) return value
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, level + 1))
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member, level + 1)]))
}

/**
 * Whether the bytes are an object, a list or a text in JSON. Protobuf never begins so, because its message index would have a negative
 * length, and neither does an Avro record that begins with a text: only data made for it can be both.
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
