/** The interface of a codec for Kafka's record batches. */

/**
 * Inflates the records of one batch.
 *
 * @param limit the maximum size of the result
 * @throws LimitReached if the result would be larger; any other Error for invalid bytes
 */
type Inflate = (bytes: Buffer, limit: number) => Buffer | Promise<Buffer>

/**
 * Inflates in parts, without keeping earlier parts: each is valid until the next one is asked for. Throws as `Inflate` does, but may apply the limit only to what must
 * be inflated at once.
 */
type InflateInParts = (bytes: Buffer, limit: number) => Iterable<Buffer> | AsyncIterable<Buffer>

export interface Inflater {
  readonly atOnce: Inflate
  readonly inParts: InflateInParts
}
