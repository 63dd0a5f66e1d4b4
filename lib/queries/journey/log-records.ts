/** Reads single records of an event's path at known positions, within limits. */
import { readEvent } from '../../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { plainEvents } from '../../../packages/runtime/pipeline/decoding/plain-records.ts'
import { isUnreadable, PartitionStopped, Unavailable } from '../../../packages/runtime/pipeline/errors.ts'
import type { DataReader, LogReader } from '../../../packages/runtime/pipeline/ports.ts'
import { placeText } from './draft.ts'
import type { FoundRecord, RecordPosition } from './model.ts'

/** Maximum number of records to read for one path. */
export const MAX_RECORDS = 60
/** Maximum number of records in the cache while a path is being watched. */
const MAX_KEPT = 500

export interface RecordSources {
  readonly log: LogReader
  readonly reader: DataReader
}

/** Cache of records by position. Records in the log never change, so each record is read only once. */
export class KnownRecords {
  readonly #kept = new Map<string, FoundRecord>()

  /**
   * Returns the records at these positions. Records that are no longer in the log are omitted.
   *
   * @throws Unavailable if Kafka does not answer
   * @throws PartitionStopped if the log cannot be read
   */
  async at(places: readonly RecordPosition[], sources: RecordSources): Promise<readonly FoundRecord[]> {
    const wanted = new Map(places.map(place => [placeText(place), place]))
    const found = [...wanted].slice(0, MAX_RECORDS).map(async ([text, place]) => {
      const known = this.#kept.get(text)
      if (known) return [known]
      const record = await recordAt(place, sources.log)
      if (!record) return []
      const read = await foundIn([record], sources.reader)
      for (const one of read) this.#keep(text, one)
      return read
    })
    return (await Promise.all(found)).flat()
  }

  has(place: RecordPosition): boolean {
    return this.#kept.has(placeText(place))
  }

  #keep(text: string, found: FoundRecord): void {
    this.#kept.set(text, found)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest)
  }
}

async function recordAt(
  { topic, partition, offset }: RecordPosition,
  log: LogReader,
): Promise<LogRecord | undefined> {
  try {
    const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
    return records.find(record => record.offset === offset)
  } catch (error) {
    // The topic was recreated, and its new log is shorter.
    if (error instanceof PartitionStopped && !isUnreadable(error)) return undefined
    throw error
  }
}

/** Decodes the events in records. If a schema cannot be fetched, the event data remains encoded. */
export async function foundIn(
  records: readonly LogRecord[],
  reader: DataReader,
): Promise<readonly FoundRecord[]> {
  const events = await plainEvents(records, reader).catch(error => {
    if (!(error instanceof Unavailable)) throw error
    return records.map(record => readEvent(record))
  })
  return records.flatMap((record, index) => {
    const event = events[index]
    return event ? [{ record, event }] : []
  })
}
