/**
 * Stores the newest spans, with limits on their number and age. Traces with emissions, failures or timers are kept longer than
 * others.
 */
import type { EventName, ToldSpan } from '../../lib/queries/journey/model.ts'

export interface SpanLimits {
  /**
   * Maximum number of spans. At most half of them belong to traces with emissions, failures or timers; the rest is for all other
   * traces. The store therefore fills up soon, and its memory use then stays constant.
   */
  readonly spans: number
  /** Maximum number of spans of one trace, so that a very long trace does not displace all others. */
  readonly spansOfTrace: number
  readonly ageMs: number
}

const LIMITS: SpanLimits = { spans: 40_000, spansOfTrace: 500, ageMs: 3_600_000 }

/** Maximum number of traces through which one query follows an event. */
const MAX_TRACES = 20

/** Numbers of stored and received spans. */
export interface SpanCounts {
  readonly kept: number
  /** Number of distinct event ids in the stored spans. */
  readonly ids: number
  /** Number of spans received since the store was created. */
  readonly received: number
  readonly forgotten: number
}

interface Trace {
  readonly id: string
  readonly spans: Map<string, ToldSpan>
  lastMs: number
  isNotable: boolean
}

export class SpanStore {
  readonly #limits: SpanLimits
  readonly #now: () => number
  /** Traces ordered by their last span, oldest first. */
  readonly #plain = new Traces()
  readonly #notable = new Traces()
  readonly #byEvent = new TraceIndex()
  #received = 0
  #forgotten = 0

  constructor(limits: Partial<SpanLimits> = {}, now: () => number = Date.now) {
    this.#limits = { ...LIMITS, ...limits }
    this.#now = now
  }

  add(spans: readonly ToldSpan[]): void {
    const nowMs = this.#now()
    for (const span of spans) this.#add(span, nowMs)
    const { spans: most } = this.#limits
    this.#bound(this.#notable, Math.floor(most / 2), nowMs)
    this.#bound(this.#plain, most - this.#notable.spans, nowMs)
  }

  /** Returns the spans of a trace; empty if it is unknown. */
  ofTrace(traceId: string): readonly ToldSpan[] {
    return [...(this.#traceOf(traceId)?.spans.values() ?? [])]
  }

  /**
   * Returns the spans of the traces that contain an event with this id, and of the traces of the event's effects. An effect can be
   * in another trace, because an event without trace context starts a new trace. If many traces contain the id, only the newest
   * traces are returned.
   */
  ofEvent(id: string): readonly ToldSpan[] {
    return this.following(this.#byEvent.withId(id).slice(-MAX_TRACES))
  }

  /** Returns the spans of these traces, and of all traces that contain effects of their events. */
  following(traceIds: readonly string[]): readonly ToldSpan[] {
    const found = new Set(traceIds)
    const spans: ToldSpan[] = []
    // This loop adds traces to the set, and visits the added traces as well.
    for (const traceId of found) {
      for (const span of this.ofTrace(traceId)) {
        spans.push(span)
        if (span.event) this.#addTraces(span.event, found)
      }
    }
    return spans
  }

  #addTraces(event: EventName, found: Set<string>): void {
    for (const traceId of this.#byEvent.of(event)) {
      if (found.size >= MAX_TRACES) return
      found.add(traceId)
    }
  }

  /** Returns the newest traces with effects, newest first. */
  notable(most: number): readonly (readonly ToldSpan[])[] {
    return this.#notable.newest(most)
  }

  /** Returns the newest traces without effects, newest first. */
  plain(most: number): readonly (readonly ToldSpan[])[] {
    return this.#plain.newest(most)
  }

  get counts(): SpanCounts {
    const kept = this.#plain.spans + this.#notable.spans
    return { kept, ids: this.#byEvent.ids, received: this.#received, forgotten: this.#forgotten }
  }

  #traceOf(traceId: string): Trace | undefined {
    return this.#plain.get(traceId) ?? this.#notable.get(traceId)
  }

  #add(span: ToldSpan, nowMs: number): void {
    this.#received += 1
    const known = this.#traceOf(span.traceId)
    const trace = known ?? { id: span.traceId, spans: new Map(), lastMs: nowMs, isNotable: false }
    if (known) this.#listOf(known).delete(known)
    // Span ids are derived from their contents, so a span that is sent again has the same id.
    if (trace.spans.has(span.spanId) || trace.spans.size < this.#limits.spansOfTrace) {
      trace.spans.set(span.spanId, span)
      if (span.event) this.#byEvent.add(span.event, trace.id)
    } else this.#forgotten += 1
    trace.lastMs = nowMs
    trace.isNotable ||= isNotable(span)
    this.#listOf(trace).add(trace)
  }

  #listOf({ isNotable }: Trace): Traces {
    return isNotable ? this.#notable : this.#plain
  }

  #bound(traces: Traces, most: number, nowMs: number): void {
    const oldestMs = nowMs - this.#limits.ageMs
    for (let oldest = traces.oldest; oldest; oldest = traces.oldest) {
      if (traces.spans <= most && oldest.lastMs >= oldestMs) return
      traces.delete(oldest)
      this.#forget(oldest)
    }
  }

  #forget(trace: Trace): void {
    this.#forgotten += trace.spans.size
    for (const { event } of trace.spans.values()) if (event) this.#byEvent.delete(event, trace.id)
  }
}

/** Traces in insertion order, and the number of their spans. */
class Traces {
  readonly #traces = new Map<string, Trace>()
  spans = 0

  get(id: string): Trace | undefined {
    return this.#traces.get(id)
  }

  add(trace: Trace): void {
    this.#traces.set(trace.id, trace)
    this.spans += trace.spans.size
  }

  delete(trace: Trace): void {
    if (this.#traces.delete(trace.id)) this.spans -= trace.spans.size
  }

  get oldest(): Trace | undefined {
    return this.#traces.values().next().value
  }

  newest(most: number): readonly (readonly ToldSpan[])[] {
    return [...this.#traces.values()]
      .slice(-most)
      .reverse()
      .map(({ spans }) => [...spans.values()])
  }
}

/**
 * Returns whether a span shows an effect: an emission, a failure, or a timer. Emitted statistics do not count, because every
 * reading causes some.
 */
function isNotable(span: ToldSpan): boolean {
  if (span.kind === 'emission') return !span.event.type.includes('.analytics.')
  return span.kind === 'timer' || span.code !== undefined || span.outcome === 'failed'
}

type Name = Pick<EventName, 'id' | 'source'>

/** Trace ids of an event. Most events are in a single trace, for which a string takes much less memory than a set. */
type TraceIds = string | Set<string>

class TraceIndex {
  /** Traces by event id. Several sources may use the same id. */
  readonly #byId = new Map<string, TraceIds>()
  readonly #byName = new Map<string, TraceIds>()

  add(event: Name, traceId: string): void {
    addTo(this.#byId, event.id, traceId)
    addTo(this.#byName, keyOf(event), traceId)
  }

  delete(event: Name, traceId: string): void {
    deleteFrom(this.#byId, event.id, traceId)
    deleteFrom(this.#byName, keyOf(event), traceId)
  }

  /** Returns the trace ids of an event, in the order in which they were first received. */
  of(event: Name): Iterable<string> {
    return all(this.#byName.get(keyOf(event)))
  }

  /** Returns the trace ids of all events with an id. */
  withId(id: string): readonly string[] {
    return [...all(this.#byId.get(id))]
  }

  /** Number of distinct ids. */
  get ids(): number {
    return this.#byId.size
  }
}

function keyOf({ id, source }: Name): string {
  return `${source} ${id}`
}

function all(traces: TraceIds | undefined): Iterable<string> {
  if (traces === undefined) return []
  return typeof traces === 'string' ? [traces] : traces
}

function addTo(index: Map<string, TraceIds>, key: string, traceId: string): void {
  const traces = index.get(key)
  if (traces === undefined) index.set(key, traceId)
  else if (typeof traces !== 'string') traces.add(traceId)
  else if (traces !== traceId) index.set(key, new Set([traces, traceId]))
}

function deleteFrom(index: Map<string, TraceIds>, key: string, traceId: string): void {
  const traces = index.get(key)
  const isOver =
    typeof traces === 'string' ? traces === traceId : traces?.delete(traceId) && traces.size === 0
  if (isOver) index.delete(key)
}
