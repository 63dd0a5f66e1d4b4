/** Serializes event data in the format of its type. Pure: schemas must be loaded before. */
import { MEDIA_TYPES } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import type { SchemaDataFormat } from '../consumer/serialization.ts'
import { isJson } from './media-type.ts'

export interface DataWriter {
  /**
   * Returns the event to write: its data is serialized to bytes, and its content type and schema attributes are set. An event is
   * returned unchanged if its type is written as JSON, if it has no data, or if its data is not JSON.
   *
   * @throws Error if the data does not match its schema; the message names the location but never the value
   */
  write(event: Event): Event
}

/** Writes the data of one event type. */
export interface DataEncoder {
  readonly format: SchemaDataFormat
  /** URI of the schema; absent if the schema has no URI. */
  readonly dataschema?: string | undefined
  encode(data: unknown): Buffer
}

/** Writer that leaves all data as JSON. */
export const JSON_WRITER: DataWriter = { write: event => event }

/**
 * Creates a writer that serializes the data of each event with the encoder of the event's type.
 *
 * @param encoders encoders by event type
 */
export function createDataWriter(encoders: ReadonlyMap<string, DataEncoder>): DataWriter {
  return {
    write(event) {
      const encoder = encoders.get(event.type)
      if (!encoder || !isJsonData(event)) return event
      const { dataschema: _, ...attributes } = event
      const { format, dataschema } = encoder
      return {
        ...attributes,
        datacontenttype: MEDIA_TYPES[format],
        ...(dataschema === undefined ? {} : { dataschema }),
        data: encoder.encode(event.data),
      }
    },
  }
}

function isJsonData({ data, datacontenttype }: Event): boolean {
  if (data === undefined || Buffer.isBuffer(data)) return false
  return datacontenttype === undefined || isJson(datacontenttype)
}
