import type { SchemaFormat } from './client.ts'

/** Decodes data of one schema. */
export interface Codec {
  readonly format: SchemaFormat
  /**
   * Returns the data as JSON text.
   *
   * @throws UndecodableError if the data does not match the schema.
   */
  decode(body: Buffer): string
}
