import type { Batch } from './batch.ts'
import type { RecordStream } from './record-stream.ts'

/** Names a partition among the batches that are left in the middle. */
export function placeOf({
  topic,
  partition,
}: {
  readonly topic: string
  readonly partition: number
}): string {
  return `${topic}/${partition}`
}

/**
 * Batches that reads have left in the middle, one for each partition. A read takes a few megabytes, and a broker returns whole
 * batches, which can inflate to gigabytes: if every read began at the start of its batch, the time would be quadratic.
 */
export class OpenBatches {
  readonly #most: number
  readonly #streams = new Map<string, RecordStream>()

  /** @param most for this many partitions: each takes the compressed batch, and what its codec keeps of the inflated bytes */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * The records of the batch, from where the last read of this partition has left it. Undefined if it has not, or further on; then
   * nothing is kept for this partition any more.
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

  /** This partition is not read on for now. */
  leave(place: string): void {
    const stream = this.#streams.get(place)
    this.#streams.delete(place)
    // Nothing reads from it, so there is nothing to wait for, and nobody to be told of an error.
    stream?.close().catch(() => {})
  }
}
