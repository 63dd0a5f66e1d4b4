/**
 * Places in which serializers that use a schema registry name the schema of the data: in the wire format, a zero byte and the four
 * bytes of the schema's id before the data; or a header.
 */
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { bufferOf } from './header-bytes.ts'
import type { RecordHeader } from './record.ts'

export const FRAME_BYTES = 5

/** Returns true if the bytes begin like the wire format. JSON text never begins with a zero byte. */
export function isFramed(bytes: Buffer): boolean {
  return bytes.length >= FRAME_BYTES && bytes[0] === 0
}

/** Returns data in the wire format, with a schema id before the data. */
export function framedWith(schemaId: number, body: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  framed[0] = 0
  framed.writeUInt32BE(schemaId, 1)
  body.copy(framed, FRAME_BYTES)
  return framed
}

const CONFLUENT_HEADER = '__value_schema_id'
const APICURIO_HEADERS = 'apicurio.value.'

/** Returns true for the name of a header in which a serializer names the schema of the value. */
export function isSchemaHeader(name: string): boolean {
  return name === CONFLUENT_HEADER || name.startsWith(APICURIO_HEADERS)
}

/** Schema that a header names. */
export interface NamedSchema {
  readonly kind: 'named'
  /** Id of the schema, or its GUID. */
  readonly schemaId: number | string
  /** Message index of Protobuf; empty for other formats. */
  readonly index: Buffer
}

/** Returns the schema that a header names; undefined if there is no such header. */
export function schemaInHeaders(headers: readonly RecordHeader[]): NamedSchema | Failure | undefined {
  const found = headers.findLast(([name]) => isSchemaHeader(name))
  if (!found) return undefined
  const [name, value] = [found[0], bufferOf(found[1])]
  const isConfluent = name === CONFLUENT_HEADER
  if (isConfluent && isFramed(value))
    return { kind: 'named', schemaId: value.readUInt32BE(1), index: value.subarray(FRAME_BYTES) }
  if (isConfluent && value[0] === 1 && value.length >= GUIDED_BYTES) {
    const digits = value.toString('hex', 1, GUIDED_BYTES)
    const guid = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { kind: 'named', schemaId: guid, index: value.subarray(GUIDED_BYTES) }
  }
  return failure(
    'schema-unknown',
    `the header "${name.slice(0, 40)}" names the schema of the data in a form that is not supported: let the serializer put the schema id before the data`,
  )
}

/** Bytes of a header with the GUID of a schema: a byte of value 1, and the GUID. */
const GUIDED_BYTES = 17
