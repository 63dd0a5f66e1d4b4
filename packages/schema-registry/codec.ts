import type { SchemaFormat } from './client.ts'

/**
 * Form of data: `framed` is the data after the schema id of the wire format, where Protobuf begins with the
 * message index; `plain` is data without a frame.
 */
export type DataForm = 'framed' | 'plain'

/** Reads and writes data of one schema. */
export interface Codec {
  readonly format: SchemaFormat
  /** Returns the data as JSON text. @throws UndecodableError if the data does not match the schema */
  decode(body: Buffer): string
  /**
   * Returns the data in the form in which the same data would be parsed from JSON: bytes are base64, and
   * optional fields without a value are absent.
   *
   * @throws UndecodableError if the data does not match the schema, or, with `number-not-exact`, if a double
   *   cannot represent an integer. Messages never quote the data.
   */
  read(body: Buffer): unknown
  /**
   * Encodes plain data in the form that `read` returns.
   *
   * @throws UnencodableError if the data does not match the schema
   */
  encode(data: unknown): Buffer
}
