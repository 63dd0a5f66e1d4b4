/**
 * What Lambda's own registry support does to keys and values, and how it is undone. Both settings of a mapping are read without being
 * told which one it has: `SOURCE` removes the id of the schema, `JSON` delivers JSON instead of Avro and Protobuf.
 * Source: AWS Lambda Developer Guide, "Using schema registries with Kafka event sources in Lambda".
 */
import type { LambdaSchema } from './record.ts'
import { framedWith } from './wire-format.ts'

/** A registry with Confluent's API has such ids; AWS Glue has UUIDs. */
const REGISTRY_ID = /^\d{1,10}$/
const LARGEST_ID = 2 ** 32 - 1

/**
 * The bytes that the producer wrote; undefined if they are only in the log. JSON is not changed by either setting, so its id is put
 * back. Avro and Protobuf that begin like an object, a list or a text of JSON, and are JSON, were decoded.
 */
export function originalBytes(bytes: Buffer, { dataFormat, schemaId }: LambdaSchema): Buffer | undefined {
  if (!REGISTRY_ID.test(schemaId) || Number(schemaId) > LARGEST_ID) return undefined
  if (dataFormat !== 'JSON' && isJsonText(bytes)) return undefined
  return framedWith(Number(schemaId), bytes)
}

const BRACE = 0x7b
const BRACKET = 0x5b
const QUOTE = 0x22

/**
 * Whether the bytes are an object, a list or a text in JSON. Protobuf never begins so, because its message index would have a negative
 * length, and neither does an Avro record that begins with a text: only data made for it can be both.
 */
export function isJsonText(bytes: Buffer): boolean {
  if (![BRACE, BRACKET, QUOTE].includes(bytes[0] as number)) return false
  try {
    JSON.parse(bytes.toString())
    return true
  } catch {
    return false
  }
}
