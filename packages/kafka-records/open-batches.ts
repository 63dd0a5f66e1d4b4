import type { Batch } from './batch.ts'
import type { RecordStream } from './record-stream.ts'

/** Returns the name of a partition, by which its open batch is stored. */
export function placeOf(of: { readonly topic: string; readonly partition: number }): string {
  return `${of.topic}/${of.partition}`
}

/**
 * Partially read batches, one per partition. They are kept because decompressing whole batches can take
 * gigabytes of memory, and starting each read at the beginning of its batch would take quadratic time.
 */
export class OpenBatches {
  readonly #most: number
  readonly #streams = new Map<string, RecordStream>()

  /**
   * @param most maximum number of partitions; each takes the memory of the compressed batch and of the
   *   codec's state
   */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Removes and returns the rest of the batch after the last read of this partition. Returns undefined if
   * there is none, or if reading has already passed this position.
   */
  take(place: string, batch: Batch, fromDelta: number): RecordStream | undefined {
    const stream = this.#streams.get(place)
    if (!stream?.canContinue(batch, fromDelta)) {
      this.leave(place)
      return undefined
    }
    this.#streams.delete(place)
    return stream
  }

  /** Keeps a batch for the next read of its partition. If the limit is exceeded, the oldest batch is discarded. */
  keep(place: string, stream: RecordStream): void {
    this.leave(place)
    this.#streams.set(place, stream)
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size <= this.#most) return
      this.leave(oldest)
    }
  }

  /** Discards the batch of a partition. */
  leave(place: string): void {
    const stream = this.#streams.get(place)
    this.#streams.delete(place)
    // Ignore the error, because nothing reads from the stream any more.
    stream?.close().catch(() => {})
  }
}
