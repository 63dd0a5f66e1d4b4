import type { SchemaFormat } from './client.ts'

/**
 * Form of serialized data. `framed` is the data after the schema id in the wire format; for Protobuf, it starts with the message
 * index. `plain` is data without a frame.
 */
export type DataForm = 'framed' | 'plain'

/** Reads and writes data of one schema. */
export interface Codec {
  readonly format: SchemaFormat
  /** Returns the data as JSON text. @throws UndecodableError if the data does not match the schema */
  decode(body: Buffer): string
  /**
   * Returns the data in the same form as if it had been parsed from JSON: bytes are base64 text, and optional fields without a
   * value are absent.
   *
   * @throws UndecodableError if the data does not match the schema, or, with the code `number-not-exact`, if a double cannot
   *   represent an integer. The message never quotes the data.
   */
  read(body: Buffer): unknown
  /**
   * Encodes plain data, which must have the same form as the result of `read`.
   *
   * @throws UnencodableError if the data does not match the schema
   */
  encode(data: unknown): Buffer
}
