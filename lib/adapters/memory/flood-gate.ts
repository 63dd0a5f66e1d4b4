import type { FloodGate } from '../../pipeline/ports.ts'

/** A gate in memory: for tests, and held to the behaviour of the Redis one by the same suite. */
export class MemoryFloodGate implements FloodGate {
  readonly #closed = new Map<string, { readonly codeVersion: string; since: number | 'released' }>()

  async hold(consumer: string, codeVersion: string, nowMs: number): Promise<number | 'released'> {
    const closed = this.#closed.get(consumer)
    if (closed?.codeVersion === codeVersion) return closed.since
    this.#closed.set(consumer, { codeVersion, since: nowMs })
    return nowMs
  }

  async release(consumer: string): Promise<boolean> {
    const closed = this.#closed.get(consumer)
    if (!closed || closed.since === 'released') return false
    closed.since = 'released'
    return true
  }
}
