import type { Batch } from './batch.ts'
import type { RecordStream } from './record-stream.ts'

/** Names a partition among the batches that are left in the middle. */
export function placeOf(of: { readonly topic: string; readonly partition: number }): string {
  return `${of.topic}/${of.partition}`
}

/**
 * Batches that reads have left in the middle, one for each partition: whole batches can inflate to gigabytes, and the time would be
 * quadratic if every read began at the start of its batch.
 */
export class OpenBatches {
  readonly #most: number
  readonly #streams = new Map<string, RecordStream>()

  /** @param most number of partitions: each takes the compressed batch, and what its codec keeps of the inflated bytes */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Returns the rest of the batch, after the last read of this partition. Undefined without one, or if it went further; then nothing is
   * kept for this partition any more.
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

  /** Keeps a batch for the next read of its partition. Beyond the limit, the batch that was kept first is given up. */
  keep(place: string, stream: RecordStream): void {
    this.leave(place)
    this.#streams.set(place, stream)
    for (const oldest of this.#streams.keys()) {
      if (this.#streams.size <= this.#most) return
      this.leave(oldest)
    }
  }

  /** Gives up what is kept for a partition. */
  leave(place: string): void {
    const stream = this.#streams.get(place)
    this.#streams.delete(place)
    // Nothing waits for it or reads its error.
    stream?.close().catch(() => {})
  }
}
