/** Finds an event and its effects by searching the log alone, within a time limit. */

import { isUnknownTopic } from '../../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../../packages/runtime/adapters/kafka/offsets.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { bufferOf } from '../../../packages/runtime/cloudevents/header-bytes.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import { spanContextOf } from '../../../packages/runtime/cloudevents/trace.ts'
import { type Range, rangesOf, searchRecords } from '../records.ts'
import { topicReach } from '../topics.ts'
import { placeText } from './draft.ts'
import { foundIn, type RecordSources } from './log-records.ts'
import type { FoundRecord, RecordPosition } from './model.ts'

export interface SearchSources extends RecordSources {
  readonly offsets: Pick<TopicOffsets, 'bounds' | 'at'>
  /** Kafka names of the topics to search. */
  readonly topics: readonly string[]
}

/** Target of a search: the id of an event, a trace, or the record at a position. */
export interface JourneyTarget {
  readonly id?: string | undefined
  readonly trace?: string | undefined
  readonly place?: RecordPosition | undefined
}

export interface Searched {
  readonly records: readonly FoundRecord[]
  /** False if the search ended early, because the time limit was reached or too many records were found. */
  readonly isWhole: boolean
}

/** Maximum number of records of a path. A longer path is not drawn. */
const MAX_FOUND = 200
const MAX_TRACES = 5

/**
 * Returns the records that belong to the event: the event itself, those of its trace, and the failures of its
 * record. An event without trace context can be followed only to its failures.
 *
 * @param sinceMs start of the search, in milliseconds since the epoch
 * @param signal ends the search; records found until then are returned
 * @throws Unavailable or PartitionStopped like reading does; UnknownTopic is ignored
 */
export async function searchLog(
  { id, trace, place }: JourneyTarget,
  sinceMs: number,
  sources: SearchSources,
  signal: AbortSignal,
): Promise<Searched> {
  const search = new Search(sources, await rangesSince(sources, sinceMs, signal), signal)
  if (id !== undefined) await search.for(id, ({ event }) => !isFailure(event) && event.id === id)
  const begun = search.found
  const traces = trace === undefined ? tracesOf(begun) : [trace]
  for (const one of traces.slice(0, MAX_TRACES)) await search.for(one, found => traceIn(found) === one)
  const places = place ? [place] : begun.filter(found => traceIn(found) === undefined).map(placeOf)
  // The subject of a failure is the position of the failed record.
  for (const one of places.slice(0, MAX_TRACES))
    await search.for(placeText(one), ({ event }) => !isFailure(event) && event.subject === placeText(one))
  return { records: search.found, isWhole: search.isWhole }
}

class Search {
  readonly #sources: SearchSources
  readonly #ranges: readonly Range[]
  readonly #signal: AbortSignal
  readonly #found = new Map<string, FoundRecord>()
  isWhole = true

  constructor(sources: SearchSources, ranges: readonly Range[], signal: AbortSignal) {
    this.#sources = sources
    this.#ranges = ranges
    this.#signal = signal
  }

  get found(): readonly FoundRecord[] {
    return [...this.#found.values()]
  }

  /** @param isWanted called for the records whose bytes contain the text, and possibly for others */
  async for(text: string, isWanted: (found: FoundRecord) => boolean): Promise<void> {
    const records: LogRecord[] = []
    const enough = new AbortController()
    const signal = AbortSignal.any([this.#signal, enough.signal])
    const take = (record: LogRecord) => {
      if (!holds(record, text)) return
      if (records.length < MAX_FOUND) records.push(record)
      else enough.abort()
    }
    try {
      signal.throwIfAborted()
      await searchRecords(this.#sources.log, this.#ranges, text, take, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      this.isWhole = false
    }
    const read = await foundIn(records, this.#sources.reader)
    for (const one of read) if (isWanted(one)) this.#found.set(placeText(placeOf(one)), one)
  }
}

function holds({ value, headers }: LogRecord, text: string): boolean {
  return value?.includes(text) || headers.some(([, bytes]) => bufferOf(bytes).includes(text))
}

/** Returns the ranges since a time. Topics that have not answered when the signal is aborted are omitted. */
async function rangesSince(
  { offsets, topics }: SearchSources,
  sinceMs: number,
  signal: AbortSignal,
): Promise<readonly Range[]> {
  const { promise: over, resolve: end } = Promise.withResolvers<[]>()
  const stop = () => end([])
  signal.addEventListener('abort', stop, { once: true })
  const ranges = topics.map(async topic => {
    try {
      return rangesOf(topic, await topicReach(offsets, topic, sinceMs))
    } catch (error) {
      if (isUnknownTopic(error)) return []
      throw error
    }
  })
  if (signal.aborted) stop()
  try {
    return (await Promise.all(ranges.map(range => Promise.race([range, over])))).flat()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function tracesOf(found: readonly FoundRecord[]): readonly string[] {
  return [...new Set(found.flatMap(one => traceIn(one) ?? []))]
}

function traceIn({ event }: FoundRecord): string | undefined {
  return isFailure(event) ? undefined : spanContextOf(event.extensions)?.traceId
}

function placeOf({ record: { topic, partition, offset } }: FoundRecord): RecordPosition {
  return { topic, partition, offset }
}

/**
 * Finds the position of an emitted event, searching around its time.
 *
 * @returns undefined if the event is not (yet) in the log
 */
export async function locate(
  { topic, id, emittedAtMs }: { readonly topic: string; readonly id: string; readonly emittedAtMs: number },
  sources: Omit<SearchSources, 'topics'>,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  // Clocks may differ slightly, and an event is published immediately after its decision.
  const ranges = await rangesSince({ ...sources, topics: [topic] }, emittedAtMs - CLOCKS_MS, signal)
  const near = ranges.map(range => ({ ...range, end: Math.min(range.end, range.start + NEAR_RECORDS) }))
  const search = new Search({ ...sources, topics: [topic] }, near, signal)
  await search.for(id, ({ event }) => !isFailure(event) && event.id === id)
  return search.found[0]
}

const CLOCKS_MS = 5_000
const NEAR_RECORDS = 20_000
