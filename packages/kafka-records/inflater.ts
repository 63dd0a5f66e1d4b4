/** A codec for Kafka's record batches. It throws `limitReached` if the result would be larger than `limit`, any other Error for invalid bytes. */
export interface Inflater {
  atOnce(bytes: Buffer, limit: number): Buffer | Promise<Buffer>
  /** Yields parts that are valid until the next one is asked for. The limit may apply only to what must be inflated at once. */
  inParts(bytes: Buffer, limit: number): Iterable<Buffer> | AsyncIterable<Buffer>
}
