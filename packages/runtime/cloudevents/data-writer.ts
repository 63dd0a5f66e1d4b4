/** Serializes the data of events, in the format of their type. Pure: whatever it needs was loaded before. */
import { dataFormatOf, MEDIA_TYPES } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import type { SchemaDataFormat } from '../consumer/serialization.ts'

export interface DataWriter {
  /**
   * The event as it is written: its data as bytes, with their media type and schema. An event of a type that is written in JSON, one
   * without data, and one whose data is not JSON are returned as they are.
   *
   * @throws Error if the data does not match its schema; the message names the place, and never the value
   */
  write(event: Event): Event
}

/** Writes the data of one event type. */
export interface DataEncoder {
  readonly format: SchemaDataFormat
  /** Absent: the schema has no address. */
  readonly dataschema?: string | undefined
  encode(data: unknown): Buffer
}

/** Leaves data as it is: JSON. */
export const JSON_WRITER: DataWriter = { write: event => event }

/** @param encoders by event type */
export function dataWriterOf(encoders: ReadonlyMap<string, DataEncoder>): DataWriter {
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
  return datacontenttype === undefined || dataFormatOf(datacontenttype) === 'json'
}
