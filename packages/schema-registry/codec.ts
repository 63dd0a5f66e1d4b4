import type { SchemaFormat } from './client.ts'

/** `framed` data are those after the schema id of the wire format, where Protobuf begins with the message index; `plain` data are alone. */
export type DataForm = 'framed' | 'plain'

/** Reads and writes data of one schema. */
export interface Codec {
  readonly format: SchemaFormat
  /** Returns the data as JSON text. @throws UndecodableError if the data does not match the schema */
  decode(body: Buffer): string
  /**
   * Returns the data as the same data in JSON would be read: bytes are base64, and optional fields without a value are absent.
   *
   * @throws UndecodableError if the data does not match the schema; also, `number-not-exact`, if an integer does not fit into a double. No
   *   message quotes the data.
   */
  read(body: Buffer): unknown
  /** Writes plain data, as `read` returns it. @throws UnencodableError if the data does not match the schema */
  encode(data: unknown): Buffer
}
