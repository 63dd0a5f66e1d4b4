/**
 * Decompressor for a codec of Kafka's record batches. It throws `limitReached` if the result would be larger
 * than `limit`, and any other Error for invalid bytes.
 */
export interface Inflater {
  atOnce(bytes: Buffer, limit: number): Buffer | Promise<Buffer>
  /**
   * Yields parts that are valid until the next one is requested. The limit may apply only to data that must
   * be decompressed at once.
   */
  inParts(bytes: Buffer, limit: number): Iterable<Buffer> | AsyncIterable<Buffer>
}
