import type { SchemaFormat } from './client.ts'

/**
 * What stands around data: `framed`, as after the schema id of the wire format, where Protobuf data begin with the message index;
 * or `plain`, the data alone.
 */
export type DataForm = 'framed' | 'plain'

/** Encodes and decodes data of one schema. */
export interface Codec {
  readonly format: SchemaFormat
  /**
   * Returns the data as JSON text.
   *
   * @throws UndecodableError if the data does not match the schema.
   */
  decode(body: Buffer): string
  /**
   * Returns the data as the same data in JSON would be read: bytes are base64, and optional fields that have no value are absent.
   *
   * @throws UndecodableError if the data does not match the schema; InexactNumberError if an integer does not fit into a double. No
   *   message quotes the data.
   */
  read(body: Buffer): unknown
  /**
   * Writes plain data: what `read` gives for these bytes. Bytes are text in base64.
   *
   * @throws UnencodableError if the data does not match the schema. Its message names the place, and never the value.
   */
  encode(data: unknown): Buffer
}
