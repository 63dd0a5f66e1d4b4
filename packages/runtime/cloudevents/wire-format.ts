/**
 * Places in which serializers that use a schema registry name the schema of the data: in the wire format, a zero byte and the four
 * bytes of the schema's id before the data; or a header.
 */
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { toBuffer } from './header-bytes.ts'
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
/** Bytes of a GUID in the header of Confluent, which follow a byte of value 1. */
const GUID_BYTES = 16

/** Returns true for a header in which a serializer of Confluent or Apicurio names the schema of the value. */
export function isSchemaHeader([name, value]: RecordHeader): boolean {
  return value !== null && (name === CONFLUENT_HEADER || name.startsWith('apicurio.value.'))
}

/** Schema that a header names, by its id or its GUID. The message index of Protobuf follows them; it is empty for other formats. */
export interface NamedSchema {
  readonly kind: 'named'
  readonly schemaId: number | string
  readonly index: Buffer
}

/** Returns the schema that a header names; undefined if there is no such header. */
export function schemaInHeaders(headers: readonly RecordHeader[]): NamedSchema | Failure | undefined {
  const header = headers.findLast(isSchemaHeader)
  if (!header) return undefined
  const [name, value] = [header[0], toBuffer(header[1])]
  if (name === CONFLUENT_HEADER && isFramed(value))
    return { kind: 'named', schemaId: value.readUInt32BE(1), index: value.subarray(FRAME_BYTES) }
  if (name === CONFLUENT_HEADER && value.length > GUID_BYTES && value[0] === 1) {
    const guid = value.toString('hex', 1, 1 + GUID_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    return { kind: 'named', schemaId: guid, index: value.subarray(1 + GUID_BYTES) }
  }
  const shown = name.slice(0, 40)
  return failure(
    'schema-unknown',
    `the header "${shown}" names the schema in a form that is not supported: put the schema id before the data`,
  )
}
