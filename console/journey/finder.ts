/** Finds the path of an event in spans, in the log, and in the positions of consumers. */

import { dataReader } from '../../lib/app/data-reader.ts'
import { writesSegments } from '../../lib/app/functions.ts'
import { signalNamed, signals, topicName } from '../../lib/app/topics.ts'
import { KnownRecords, MAX_RECORDS } from '../../lib/queries/journey/log-records.ts'
import { type JourneyTarget, locate, searchLog } from '../../lib/queries/journey/log-search.ts'
import type {
  FoundRecord,
  JourneyFacts,
  ReadingFunction,
  RecordPosition,
  ToldSpan,
} from '../../lib/queries/journey/model.ts'
import { journeyOf } from '../../lib/queries/journey/path.ts'
import { placesOf, unplaced } from '../../lib/queries/journey/places.ts'
import { positionsAt } from '../../lib/queries/journey/positions.ts'
import { outOfBounds } from '../../lib/queries/out-of-bounds.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { spanContextOf, startedTrace } from '../../packages/runtime/cloudevents/trace.ts'
import { isUnreadable, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import type { JourneyAnswer } from './recent.ts'

/** Time limit of one search, in milliseconds. */
const SEARCH_MS = 8_000
/** Maximum number of events whose positions are searched for one response, and the time limit for this search in milliseconds. */
const MAX_LOCATED = 12
const LOCATE_MS = 2_000

export class JourneyFinder {
  readonly #environment: ConsoleEnvironment
  readonly #records = new KnownRecords()
  readonly #located = new Map<string, FoundRecord>()
  readonly #reader

  constructor(environment: ConsoleEnvironment) {
    this.#environment = environment
    this.#reader = dataReader(environment.config)
  }

  /** Returns the path according to the spans and the records to which they refer; empty if there are no spans. */
  async follow(asked: JourneyTarget): Promise<JourneyAnswer> {
    const missing = new Set<string>()
    const at = await this.#known(missing, () => this.#atPlace(asked, missing), [])
    const spans = this.#spansOf(asked, at)
    return this.#answer(asked, spans, at, missing)
  }

  /**
   * Returns the path according to the spans and a search of the log.
   *
   * @param sinceMs append time from which the log is searched, in epoch milliseconds
   * @param signal stops the search
   */
  async search(asked: JourneyTarget, sinceMs: number, signal: AbortSignal): Promise<JourneyAnswer> {
    const missing = new Set<string>()
    const at = await this.#atPlace(asked, missing)
    const [event] = at.map(one => one.event)
    const wanted = event && !isFailure(event) ? { ...asked, id: event.id } : asked
    const over = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_MS)])
    const sources = { ...(await this.#sources()), topics: this.#topics() }
    const { records, isWhole } = await searchLog(wanted, sinceMs, sources, over)
    if (!isWhole) missing.add('The search reached its limit. Choose a shorter time range.')
    const spans = this.#spansOf(wanted, [...at, ...records])
    const answer = await this.#answer(wanted, spans, [...at, ...records], missing)
    return { ...answer, searched: { sinceMs, isWhole } }
  }

  async #answer(
    asked: JourneyTarget,
    spans: readonly ToldSpan[],
    found: readonly FoundRecord[],
    missing: Set<string>,
  ): Promise<JourneyAnswer> {
    const functions = this.#functions()
    const read = await this.#known(missing, () => this.#recordsOf(spans), [])
    const records = [...found, ...read]
    const places = placesOf(spans, records)
    const positions = await this.#known(missing, () => this.#positions(places, functions), [])
    const known: JourneyFacts = { spans, records, positions, functions }
    const journey = journeyOf(known, asked.id)
    if (!this.#environment.spans && journey.roots.length > 0) missing.add(NO_SPANS)
    if (journey.leftOut > 0)
      missing.add(
        `The trace has ${journey.leftOut} more root events. To follow one of them, search for its id.`,
      )
    if (places.length > MAX_RECORDS)
      missing.add(
        `Only ${MAX_RECORDS} of ${places.length} records were read. The contents of the others are not shown.`,
      )
    const topics = new Set([
      ...places.map(({ topic }) => topic),
      ...spans.flatMap(({ topic }) => topic ?? []),
    ])
    return {
      journey,
      hearsSpans: this.#environment.spans !== undefined,
      missing: [...missing],
      signals: Object.fromEntries([...topics].map(topic => [topic, this.#signalOf(topic)])),
    }
  }

  #spansOf({ id, trace }: JourneyTarget, found: readonly FoundRecord[]): readonly ToldSpan[] {
    const { spans } = this.#environment
    if (!spans) return []
    const ofEvent = id === undefined ? [] : spans.ofEvent(id)
    if (ofEvent.length > 0) return ofEvent
    const traces = [...(trace === undefined ? [] : [trace]), ...found.map(traceOf)]
    return spans.following([...new Set(traces)])
  }

  async #atPlace({ place }: JourneyTarget, missing: Set<string>): Promise<readonly FoundRecord[]> {
    if (!place) return []
    const sources = await this.#sources()
    if (this.#records.has(place)) return this.#records.at([place], sources)
    const outside = outOfBounds(place, await topicBounds(sources.offsets, place.topic))
    if (outside !== undefined) missing.add(outside)
    return outside === undefined ? this.#records.at([place], sources) : []
  }

  /** Returns the records to which spans refer, and the records of emitted events that no consumer has read yet. */
  async #recordsOf(spans: readonly ToldSpan[]): Promise<readonly FoundRecord[]> {
    const sources = await this.#sources()
    const read = await this.#records.at(placesOf(spans, []), sources)
    const signal = AbortSignal.timeout(LOCATE_MS)
    const located = unplaced(spans)
      .slice(0, MAX_LOCATED)
      .map(async one => {
        const key = `${one.topic} ${one.id}`
        const found = this.#located.get(key) ?? (await locate(one, sources, signal))
        if (found) this.#keepLocated(key, found)
        return found ? [found] : []
      })
    return [...read, ...(await Promise.all(located)).flat()]
  }

  #keepLocated(key: string, found: FoundRecord): void {
    this.#located.set(key, found)
    const [oldest] = this.#located.keys()
    if (this.#located.size > MAX_LOCATED * 20 && oldest !== undefined) this.#located.delete(oldest)
  }

  async #positions(places: readonly RecordPosition[], functions: readonly ReadingFunction[]) {
    return positionsAt(places, functions, await this.#environment.inspection())
  }

  async #sources() {
    const [log, offsets] = await Promise.all([this.#environment.log(), this.#environment.offsets()])
    return { log, offsets, reader: this.#reader }
  }

  /** Runs a query. If the query fails, its error is added to the missing parts, so that the rest of the path can be shown. */
  async #known<T>(missing: Set<string>, ask: () => Promise<T>, otherwise: T): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Unavailable) && !isUnreadable(error)) throw error
      missing.add(`${error.message}.`)
      return otherwise
    }
  }

  #functions(): readonly ReadingFunction[] {
    const { functions } = this.#environment
    // A function that writes segments decides nothing about a record, and would seem to wait for minutes.
    const deciding = functions.filter(declared => !writesSegments(declared))
    return deciding.map(({ name, consumes, foreignTopics, emits }) => ({
      name,
      consumes: [...consumes.map(signal => this.#environment.topic(signal)), ...foreignTopics],
      // All consumers write to `failures`.
      emits: [...emits, 'failures' as const].map(signal => this.#environment.topic(signal)),
    }))
  }

  #topics(): readonly string[] {
    const { env } = this.#environment.config
    const foreign = this.#environment.functions.flatMap(({ foreignTopics }) => foreignTopics)
    return [...signals().map(signal => topicName(signal, env)), ...new Set(foreign)]
  }

  #signalOf(topic: string): string {
    return signalNamed(topic, this.#environment.config.env) ?? topic
  }
}

const NO_SPANS =
  'The functions do not send spans to this console, so only decisions that emitted an event are shown.'

/** Returns the trace id of a record. If the record has no trace context, the id is derived in the same way as for its spans. */
function traceOf({ event, record: { topic, partition, offset } }: FoundRecord): string {
  const name = isFailure(event) ? { source: `${topic}/${partition}`, id: String(offset) } : event
  const own = isFailure(event) ? undefined : spanContextOf(event.extensions)
  return own?.traceId ?? spanContextOf(startedTrace(name))?.traceId ?? ''
}
