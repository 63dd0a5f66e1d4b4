import type { ConsumerLag } from './consumer-lag.ts'

/** A consumer that has records to take, and takes none for this long on top of its batching window, stands still. */
const LONG_MS = 30_000

/** Knows since when each consumer that has something pending has taken nothing. */
export class ProgressWatch {
  readonly #reached = new Map<string, { readonly next: number; readonly sinceMs: number }>()

  /** For how long it has taken nothing, once that is long; 0 when it goes on; undefined as long as it may. */
  standsStillFor(
    { function: name, topic, windowMs, pending, next }: ConsumerLag,
    nowMs: number,
  ): number | undefined {
    const key = `${name}|${topic}`
    const sum = next.reduce((total, offset) => total + offset, 0)
    const reached = this.#reached.get(key)
    if (pending === 0 || reached?.next !== sum) {
      this.#reached.set(key, { next: sum, sinceMs: nowMs })
      return 0
    }
    const forMs = nowMs - reached.sinceMs
    return forMs >= LONG_MS + windowMs ? forMs : undefined
  }

  /** Progress could not be seen: all begin anew. */
  forget(): void {
    this.#reached.clear()
  }
}
