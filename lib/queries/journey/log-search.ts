/** Finds an event and its effects in the log, without reports of the consumers, and within a time limit. */

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

/** Subject of a search: an event id, a trace id, or the position of a record. */
export interface JourneyTarget {
  readonly id?: string | undefined
  readonly trace?: string | undefined
  readonly place?: RecordPosition | undefined
}

export interface Searched {
  readonly records: readonly FoundRecord[]
  /** True if the search is complete; false if it ended early because of a limit. */
  readonly isWhole: boolean
}

/** Maximum number of records of a path. Longer paths are not shown. */
const MAX_FOUND = 200
const MAX_TRACES = 5

/**
 * Returns the records that belong to an event: the event itself, the events of its trace, and the failures of its record. For an
 * event without trace context, only its failures are found.
 *
 * @param sinceMs start of the search, in milliseconds since the epoch
 * @param signal ends the search. Records found so far are returned.
 * @throws Unavailable or PartitionStopped if the log cannot be read. Missing topics are ignored.
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
  // The subject of a failure event is the position of the record that failed.
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

  /**
   * Searches for records whose bytes contain the text, and keeps the wanted ones.
   *
   * @param isWanted returns whether a found record belongs to the path
   */
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

/** Returns the offset ranges since a time. Topics that have not answered before the signal is aborted are omitted. */
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
 * Finds the position of an emitted event. Only the part of the log around the time of emission is searched.
 *
 * @returns undefined if the event was not found, for example because it is not published yet
 */
export async function locate(
  { topic, id, emittedAtMs }: { readonly topic: string; readonly id: string; readonly emittedAtMs: number },
  sources: Omit<SearchSources, 'topics'>,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  // Clocks may differ slightly, and events are published immediately after the decision.
  const ranges = await rangesSince({ ...sources, topics: [topic] }, emittedAtMs - CLOCKS_MS, signal)
  const near = ranges.map(range => ({ ...range, end: Math.min(range.end, range.start + NEAR_RECORDS) }))
  const search = new Search({ ...sources, topics: [topic] }, near, signal)
  await search.for(id, ({ event }) => !isFailure(event) && event.id === id)
  return search.found[0]
}

const CLOCKS_MS = 5_000
const NEAR_RECORDS = 20_000
