import type { Batch } from './read-batches.ts'
import type { RecordStream } from './record-stream.ts'

/** Returns the key under which the partially read batch of a partition is stored. */
export function formatPartition(of: { readonly topic: string; readonly partition: number }): string {
  return `${of.topic}/${of.partition}`
}

/**
 * Partially read batches, at most one per partition. Decompressing a whole batch at once could need gigabytes of memory, and
 * decompressing it from its beginning for each read would take quadratic time.
 */
export class OpenBatches {
  readonly #most: number
  readonly #streams = new Map<string, RecordStream>()

  /** @param most maximum number of partitions. Each needs memory for the compressed batch and for the state of the codec. */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Removes and returns the unread rest of a batch of this partition. Returns undefined if none exists, or if the requested
   * position was already passed.
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

  /** Keeps a batch for the next read of its partition. If there are too many batches, the oldest one is discarded. */
  keep(place: string, stream: RecordStream): void {
    this.leave(place)
    this.#streams.set(place, stream)
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size <= this.#most) return
      this.leave(oldest)
    }
  }

  /** Discards the partially read batch of a partition. */
  leave(place: string): void {
    const stream = this.#streams.get(place)
    this.#streams.delete(place)
    // Ignore the error, because the stream is no longer needed.
    stream?.close().catch(() => {})
  }
}
