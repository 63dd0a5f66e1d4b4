/** Determines the serialization format of event data from the event's attributes and the bytes. Pure. */
import { type DataFormat, dataFormatOf } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { FRAME_BYTES, isFramed } from './wire-format.ts'

/** Data that must be decoded, with the information that the decoder needs. */
export type SerializedData =
  /** JSON as bytes. */
  | { readonly kind: 'json'; readonly body: Buffer }
  /** Data that begins with a schema id of a registry. */
  | {
      readonly kind: 'registered'
      readonly schemaId: number
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

/** A content type that does not describe the format of the bytes. */
const ANY_BYTES = /^\s*application\/octet-stream\s*(;|$)/i

/**
 * Returns the serialization format of an event's data; undefined if the data is already decoded or its format is unknown.
 *
 * With a registry, bytes that begin like the wire format contain a schema id. Avro data without an id can begin like this by
 * chance, in which case its schema must be in the registry. Without a registry, only the content type is used.
 */
export function serializedData(
  { type, data, datacontenttype }: Event,
  hasRegistry: boolean,
): SerializedData | Failure | undefined {
  if (!Buffer.isBuffer(data)) return undefined
  const format = datacontenttype === undefined ? undefined : dataFormatOf(datacontenttype)
  const isKnown = format !== undefined || datacontenttype === undefined || ANY_BYTES.test(datacontenttype)
  if (isKnown && hasRegistry && isFramed(data))
    return { kind: 'registered', schemaId: data.readUInt32BE(1), format, body: data.subarray(FRAME_BYTES) }
  if (format === undefined) return undefined
  if (format !== 'json') return { kind: 'packaged', type, format, body: data }
  if (!isFramed(data)) return { kind: 'json', body: data }
  return failure(
    'schema-unknown',
    'the data begins with a schema id, but no registry is configured: set SCHEMA_REGISTRY_URL',
  )
}
