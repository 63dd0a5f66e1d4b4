/** Tells how the bytes of an event are serialized, by what the event and the bytes themselves say. Pure. */
import { type DataFormat, dataFormatOf } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import { type Failure, failure } from '../consumer/failure-codes.ts'
import { FRAME_BYTES, isFramed } from './wire-format.ts'

/** Data that is not plain yet, and what it takes to read it. */
export type SerializedData =
  /** JSON that is still bytes. */
  | { readonly kind: 'json'; readonly body: Buffer }
  /** Data with the id of a schema in a registry. */
  | {
      readonly kind: 'registered'
      readonly schemaId: number
      /** Format of the content type; undefined if it has no known format. */
      readonly format: DataFormat | undefined
      readonly body: Buffer
    }
  /** Data that has the schema which the application ships for its type. */
  | {
      readonly kind: 'packaged'
      readonly type: string
      readonly format: Exclude<DataFormat, 'json'>
      readonly body: Buffer
    }

/** A content type that says nothing about the bytes. */
const ANY_BYTES = /^\s*application\/octet-stream\s*(;|$)/i

/**
 * How the data of an event is serialized; undefined if it is plain already, or bytes of no known format.
 *
 * With a registry, bytes that begin like the wire format have the id of a schema. Avro data without an id can begin so, too: if it
 * does, its schema must be in the registry. Without a registry, only the content type counts.
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
    'the data begins with the id of a schema, and no registry is configured: set SCHEMA_REGISTRY_URL',
  )
}
