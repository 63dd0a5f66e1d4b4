import type { LogRecord } from '../cloudevents/record.ts'
import type { LogBounds } from '../pipeline/ports.ts'

/** In-memory bounds of a log, for tests. A topic has all partitions up to the highest partition that contains a record. */
export class MemoryLogBounds implements LogBounds {
  readonly #records: readonly LogRecord[]

  constructor(records: readonly LogRecord[]) {
    this.#records = records
  }

  async bounds(topic: string, sinceMs?: number): Promise<{ start: number; end: number; from?: number }[]> {
    const partitions: LogRecord[][] = []
    for (const record of this.#records) {
      if (record.topic !== topic) continue
      while (partitions.length <= record.partition) partitions.push([])
      partitions[record.partition]?.push(record)
    }
    return partitions.map(records => {
      const offsets = records.map(({ offset }) => offset)
      const end = Math.max(-1, ...offsets) + 1
      const since = records.filter(({ timestampMs }) => sinceMs !== undefined && timestampMs >= sinceMs)
      const from = Math.min(end, ...since.map(({ offset }) => offset))
      return { start: Math.min(end, ...offsets), end, ...(sinceMs === undefined ? {} : { from }) }
    })
  }
}
