import type { ConsumerLag, ReadTopic } from '../lag.ts'

/** What a function reads, and how its batches are made. */
export interface BatchedTopic extends ReadTopic {
  /** For this long a batch may wait to be filled. */
  readonly windowMs: number
}

/** How far it is. */
export type WatchedLag = BatchedTopic & ConsumerLag

/**
 * A consumer with pending records is stalled if it processes none for this long, in addition to its batching window.
 */
const STALLED_AFTER_MS = 30_000

/** Tracks since when each consumer with pending records has processed nothing. */
export class ProgressWatch {
  readonly #reached = new Map<string, { readonly next: number; readonly sinceMs: number }>()

  /** How long the consumer has processed nothing: 0 if it makes progress, undefined as long as the wait is normal. */
  standsStillFor(
    { function: name, topic, windowMs, pending, partitions }: WatchedLag,
    nowMs: number,
  ): number | undefined {
    const key = `${name}|${topic}`
    const sum = partitions.reduce((total, { next }) => total + next, 0)
    const reached = this.#reached.get(key)
    if (pending === 0 || reached?.next !== sum) {
      this.#reached.set(key, { next: sum, sinceMs: nowMs })
      return 0
    }
    const forMs = nowMs - reached.sinceMs
    return forMs >= STALLED_AFTER_MS + windowMs ? forMs : undefined
  }

  /** Restarts all measurements, because progress could not be observed. */
  forget(): void {
    this.#reached.clear()
  }
}
