import type { LogRecord } from '../cloudevents/record.ts'
import type { LogBounds } from '../pipeline/ports.ts'

/** In-memory bounds of a log, for tests. A topic has all partitions up to the highest partition that contains a record. */
export class MemoryLogBounds implements LogBounds {
  readonly #records: readonly LogRecord[]

  constructor(records: readonly LogRecord[]) {
    this.#records = records
  }

  async bounds(topic: string): Promise<{ start: number; end: number }[]> {
    const bounds: { start: number; end: number }[] = []
    for (const { topic: own, partition, offset } of this.#records) {
      if (own !== topic) continue
      while (bounds.length <= partition) bounds.push({ start: Number.POSITIVE_INFINITY, end: 0 })
      const { start, end } = bounds[partition] as { start: number; end: number }
      bounds[partition] = { start: Math.min(start, offset), end: Math.max(end, offset + 1) }
    }
    return bounds.map(({ start, end }) => ({ start: Math.min(start, end), end }))
  }
}
