/**
 * Fills the storage from the past: the objects of the history, and the records that only the topics contain. The pipeline decides the
 * records again, in memory, as the consumer `storage` does, so a repeat adds nothing. Rows have the same keys as live ones.
 */
import { setImmediate } from 'node:timers/promises'
import { defineProcess, PermanentError } from '#runtime/consumer'
import { decodeRecords, GIVEN_RECORDS, MemoryStateStore, Replay } from '#runtime/operating/replay'
import {
  type AnyKeyedProcess,
  CONSUMER_DEFAULTS,
  type Consumer,
  type DataReader,
  type Decoded,
} from '#runtime/pipeline'
import { createApplication } from '../../lib/app/application.ts'
import type { Vocabulary } from '../../lib/app/naming/names.ts'
import type { PartitionRange } from '../../lib/history/index.ts'
import { listStoredTypes, type StoredEvent, toRows } from '../../lib/storage/rows.ts'
import type { Storage } from '../../lib/storage/storage.ts'
import {
  listPartitions,
  type PartitionParts,
  type RecordPlaces,
  readPart,
} from '../queries/records/record-locations.ts'
import { decideComparably } from './try-rules/comparable.ts'

export interface Past {
  readonly places: RecordPlaces
  readonly storage: Storage
  readonly settings: Vocabulary &
    Pick<Consumer, 'env' | 'idWindowMs' | 'futureToleranceMs' | 'earliestTimeMs' | 'oldestMs'>
  /** Reader of data that is not JSON. */
  readonly reader: DataReader
  /** Range of the records' timestamps in milliseconds since the epoch; the end is excluded. */
  readonly sinceMs: number
  readonly untilMs: number
}

export interface StoredPast {
  /** Location of the database, without a password. */
  readonly location: string
  readonly records: number
  /** Events whose rows were added, or are stored already. */
  readonly events: number
  /** Rows that were added. */
  readonly added: number
  /** Repeated events. */
  readonly repeated: number
  /** Records that `storage` cannot read or that the database refuses. */
  readonly refused: number
  /** Offsets that neither the history nor the log has. */
  readonly missing: readonly PartitionRange[]
}

type Counts = { -readonly [Name in 'records' | 'events' | 'added' | 'repeated' | 'refused']: number }

/** Tables of the history that the storage contains. Their topics have the same names. */
const SOURCES = ['readings', 'alerts', 'analytics'] as const
/** Events in a transaction. */
const BATCH = 5_000

/**
 * Writes the rows of the past. Rows that are stored already are kept, so a run can be stopped and repeated at any time.
 *
 * @param stop signal that ends the run with an AbortError
 * @param onProgress called with the number of records that were read
 * @throws RetryableError if the database cannot be used; errors of the history and the log
 */
export async function storePast(
  past: Past,
  stop: AbortSignal,
  onProgress: (records: number) => void = () => {},
): Promise<StoredPast> {
  const counts: Counts = { records: 0, events: 0, added: 0, repeated: 0, refused: 0 }
  const missing: PartitionRange[] = []
  const consumer = await createConsumer(past)
  // A repeat can be one of a record before the range.
  const range = {
    fromMs: Math.max(0, past.sinceMs - past.settings.idWindowMs),
    untilMs: past.untilMs,
  }
  for (const source of SOURCES)
    for (const parts of await listPartitions(
      past.places,
      source,
      [consumer.application.kafkaTopic(source, consumer.env)],
      range,
    )) {
      const { topic, partition } = parts
      missing.push(...parts.missing.map(part => ({ topic, partition, ...part })))
      for await (const events of decideEvents(past, consumer, parts, range, counts)) {
        await setImmediate(undefined, { signal: stop })
        await writeEvents(past, events, counts)
        onProgress(counts.records)
      }
    }
  return { location: past.storage.location, ...counts, missing }
}

async function createConsumer({ settings, reader }: Past): Promise<Consumer<AnyKeyedProcess>> {
  const { env, idWindowMs, futureToleranceMs, earliestTimeMs, oldestMs } = settings
  const application = createApplication(settings)
  return {
    ...CONSUMER_DEFAULTS,
    ...{ env, idWindowMs, futureToleranceMs, earliestTimeMs, oldestMs, reader },
    application,
    failuresTo: application.failuresTopic,
    process: defineProcess<undefined>('storage', {
      accepts: listStoredTypes(settings.families),
      onEvent: () => undefined,
    }),
  }
}

/** Yields the events of a partition that `storage` stores, in groups. */
async function* decideEvents(
  past: Past,
  consumer: Consumer<AnyKeyedProcess>,
  partition: PartitionParts,
  range: { readonly fromMs: number; readonly untilMs: number },
  counts: Counts,
): AsyncGenerator<readonly StoredEvent[]> {
  const replay = new Replay({ log: GIVEN_RECORDS, consumer }, partition, new MemoryStateStore())
  let events: StoredEvent[] = []
  for (const part of partition.parts)
    for await (const records of readPart(past.settings.families, past.places, partition, part, range))
      for (let at = 0; at < records.length; at += BATCH) {
        const decoded = await decodeRecords(records.slice(at, at + BATCH), consumer)
        const applied = new Set<number>()
        for (const { offset, outcome, appendMs } of await decideComparably(replay, decoded)) {
          if (appendMs < past.sinceMs) continue
          counts.records += 1
          if (outcome === 'applied') applied.add(offset)
          if (outcome === 'duplicate') counts.repeated += 1
          if (outcome === 'failed') counts.refused += 1
        }
        events.push(...decoded.flatMap(own => toStored(own, applied)))
        if (events.length < BATCH) continue
        yield events
        events = []
      }
  yield events
}

function toStored(decoded: Decoded, applied: ReadonlySet<number>): StoredEvent[] {
  const { record, kind } = decoded
  if (kind !== 'event' || decoded.isTick || !applied.has(record.offset)) return []
  const { topic } = record
  const { partition, offset } = decoded.redriveTarget?.place ?? record
  return [{ topic, partition, offset, event: decoded.event }]
}

/** Writes the rows of events. If the database refuses a row, each event is written separately. */
async function writeEvents(past: Past, events: readonly StoredEvent[], counts: Counts): Promise<void> {
  if (events.length === 0) return
  try {
    counts.added += await past.storage.write(toRows(past.settings.families, events), 'keep')
    counts.events += events.length
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error
    if (events.length === 1) counts.refused += 1
    else for (const event of events) await writeEvents(past, [event], counts)
  }
}
