import type { LogRecord } from '../../cloudevents/record.ts'
import type { LogReader, Looked, Stretch } from '../../pipeline/ports.ts'

/** A log in memory: for tests, and held to the behaviour of the Kafka one by the same suite. */
export class MemoryLogReader implements LogReader {
  readonly #records: readonly LogRecord[]
  readonly #fetchRecords: number

  /** @param fetchRecords how many records one fetch brings */
  constructor(records: readonly LogRecord[], fetchRecords = Number.POSITIVE_INFINITY) {
    this.#records = records
    this.#fetchRecords = fetchRecords
  }

  async read(topic: string, partition: number, { fromOffset, toOffset }: Stretch): Promise<Looked> {
    const log = this.#records
      .filter(record => record.topic === topic && record.partition === partition)
      .sort((a, b) => a.offset - b.offset)
    const logStart = log[0]?.offset ?? toOffset + 1
    const stretch = log.filter(({ offset }) => offset >= fromOffset && offset <= toOffset)
    const records = stretch.slice(0, this.#fetchRecords)
    const isAll = records.length === stretch.length
    const nextOffset = isAll ? toOffset + 1 : (records.at(-1) as LogRecord).offset + 1
    return { records, nextOffset, logStart }
  }
}
