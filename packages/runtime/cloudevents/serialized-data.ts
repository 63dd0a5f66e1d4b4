/** Determines the serialization format of event data from the event's attributes and the bytes. Pure. */
import { type DataFormat, findDataFormat, readTypeName } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { isStructured } from './reader.ts'
import type { LogRecord } from './record.ts'
import { FRAME_BYTES, isFramed, schemaInHeaders } from './wire-format.ts'

/** Data that must be decoded, with the information that the decoder needs. */
export type SerializedData =
  /** JSON as bytes. */
  | { readonly kind: 'json'; readonly body: Buffer }
  /** Data whose schema is in a registry: the data begins with its id, or a header names it. */
  | {
      readonly kind: 'registered'
      /** Id of the schema, or its GUID. */
      readonly schemaId: number | string
      /** Format according to the content type; undefined if the content type is unknown. */
      readonly format: DataFormat | undefined
      readonly body: Buffer
    }
  /** Data that must be decoded with the schema that the application provides for the event type. */
  | {
      readonly kind: 'packaged'
      readonly type: string
      readonly format: Exclude<DataFormat, 'json'>
      readonly body: Buffer
    }

/** Encodings that name the schema before the data in a form that is not supported. */
const OTHER_FRAMES = [
  { name: 'data of AWS Glue', start: Buffer.of(3, 0) },
  { name: 'compressed data of AWS Glue', start: Buffer.of(3, 5) },
  { name: "Avro's encoding of a single object", start: Buffer.of(0xc3, 1) },
]

const NO_REGISTRY = 'but no registry is configured: set SCHEMA_REGISTRY_URL'

/** A content type that does not describe the format of the bytes. */
const ANY_BYTES = 'application/octet-stream'

/**
 * Returns the serialization format of an event's data; undefined if the data is already decoded or its format is unknown.
 *
 * A header that names the schema takes precedence. Bytes that begin like the wire format contain a schema id. Avro data without an
 * id can begin like this by chance, in which case its schema must be in the registry. A packaged schema is used only for data without
 * any sign of another one.
 */
export function serializedData(
  { type, data, datacontenttype }: Event,
  hasRegistry: boolean,
  record: Pick<LogRecord, 'headers'>,
): SerializedData | Failure | undefined {
  if (!Buffer.isBuffer(data)) return undefined
  const format = datacontenttype === undefined ? undefined : findDataFormat(datacontenttype)
  // In structured mode, the header is about the whole event.
  const named = isStructured(record) ? undefined : schemaInHeaders(record.headers)
  if (named?.kind === 'failure') return named
  if (named && !hasRegistry)
    return failure('schema-unknown', `a header names the schema of the data, ${NO_REGISTRY}`)
  if (named) {
    const { schemaId, index } = named
    return { kind: 'registered', schemaId, format, body: Buffer.concat([index, data]) }
  }
  const isKnown =
    format !== undefined || datacontenttype === undefined || readTypeName(datacontenttype) === ANY_BYTES
  if (isKnown && hasRegistry && isFramed(data))
    return { kind: 'registered', schemaId: data.readUInt32BE(1), format, body: data.subarray(FRAME_BYTES) }
  if (format === undefined) return undefined
  if (isFramed(data)) return failure('schema-unknown', `the data begins with a schema id, ${NO_REGISTRY}`)
  if (format === 'json') return { kind: 'json', body: data }
  const frame = OTHER_FRAMES.find(({ start }) => data.subarray(0, start.length).equals(start))
  if (frame) return failure('schema-unknown', `the data begins like ${frame.name}, which is not supported`)
  return { kind: 'packaged', type, format, body: data }
}
