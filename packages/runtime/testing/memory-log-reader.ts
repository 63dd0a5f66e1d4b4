import { toBuffer } from '../cloudevents/header-bytes.ts'
import { estimateSize, type LogRecord } from '../cloudevents/record.ts'
import { PartitionStopped } from '../pipeline/errors.ts'
import type { LogIdentity, OffsetRange, ReadRange } from '../pipeline/model/log.ts'
import { type LogReader, MAX_READ_BYTES } from '../pipeline/ports.ts'

/** In-memory log for tests. The port's conformance suite checks that it behaves like the Kafka log reader. */
export class MemoryLogReader implements LogReader {
  readonly #records: readonly LogRecord[]
  readonly #fetchRecords: number
  readonly #topicId: string | undefined

  /**
   * Creates a log.
   *
   * @param fetchRecords maximum number of records that one fetch returns
   * @param topicId part of the id of each topic; undefined for brokers without ids of topics
   */
  constructor(records: readonly LogRecord[], fetchRecords = Number.POSITIVE_INFINITY, topicId?: string) {
    this.#records = records
    this.#fetchRecords = fetchRecords
    this.#topicId = topicId
  }

  async identity(topic: string): Promise<LogIdentity | undefined> {
    if (this.#topicId === undefined) return undefined
    return { cluster: 'memory', topicId: `${topic}-${this.#topicId}` }
  }

  async read(
    topic: string,
    partition: number,
    { fromOffset, toOffset }: OffsetRange,
    holding?: string,
  ): Promise<ReadRange> {
    const log = this.#records
      .filter(record => record.topic === topic && record.partition === partition)
      .sort((a, b) => a.offset - b.offset)
    const logStart = log[0]?.offset ?? toOffset + 1
    if (fromOffset > (log.at(-1)?.offset ?? fromOffset) + 1)
      throw new PartitionStopped('another-log', `${topic}/${partition} ends before offset ${fromOffset}`)
    const range = log.filter(({ offset }) => offset >= fromOffset && offset <= toOffset)
    const records = range.slice(0, Math.min(this.#fetchRecords, countOfOneRead(range)))
    const isAll = records.length === range.length
    const nextOffset = isAll ? toOffset + 1 : (records.at(-1) as LogRecord).offset + 1
    const wanted = holding === undefined ? records : records.filter(record => holds(record, holding))
    return { records: wanted, nextOffset, logStart }
  }
}

function holds({ key, value, headers }: LogRecord, text: string): boolean {
  const texts = [key, value, ...headers.flatMap(([name, bytes]) => [name, toBuffer(bytes)])]
  return texts.some(part => part?.includes(text))
}

/** Returns the number of records that one read may return. */
function countOfOneRead(records: readonly LogRecord[]): number {
  let bytes = 0
  const beyond = records.findIndex((record, index) => {
    bytes += estimateSize(record)
    return index > 0 && bytes > MAX_READ_BYTES
  })
  return beyond < 0 ? records.length : beyond
}
