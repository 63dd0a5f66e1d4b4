import type { DataFormat } from './client.ts'

/** Reads data of one schema. */
export interface Codec {
  readonly format: DataFormat
  /**
   * The data as JSON text.
   *
   * @throws UndecodableError if the data does not keep to the schema.
   */
  decode(body: Buffer): string
}
