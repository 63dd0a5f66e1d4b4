/**
 * Decompressor for a codec of Kafka's record batches. Throws `createLimitError` if the result would exceed `limit`, and any other Error
 * for invalid bytes.
 */
export interface Inflater {
  atOnce(bytes: Buffer, limit: number): Buffer | Promise<Buffer>
  /**
   * Yields the result in parts. A part is valid until the next part is requested. The limit applies only to data that cannot be
   * decompressed in parts.
   */
  inParts(bytes: Buffer, limit: number): Iterable<Buffer> | AsyncIterable<Buffer>
}
