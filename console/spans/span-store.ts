/** Keeps the newest spans that the functions send, within limits of number and age. Traces that led to something are kept longest. */
import type { EventName, ToldSpan } from '../../lib/queries/journey/model.ts'

export interface SpanLimits {
  /**
   * Upper bound for all spans. Traces in which something was emitted, failed or timed have at most half of it, and the others the
   * rest: so the store is full soon, and its memory is then the same for as long as records flow.
   */
  readonly spans: number
  /** Upper bound for the spans of one trace: a trace that never ends must not displace all others. */
  readonly spansOfTrace: number
  readonly ageMs: number
}

const LIMITS: SpanLimits = { spans: 40_000, spansOfTrace: 500, ageMs: 3_600_000 }

/** How many traces one question follows an event through. */
const MAX_TRACES = 20

/** Number of received spans. */
export interface SpanCounts {
  readonly kept: number
  /** How many different ids the events in them have. */
  readonly ids: number
  /** Since the store exists. */
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
  /** Traces in the order of their last spans, the oldest first. */
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

  /** All that is known of a trace; empty if nothing is. */
  ofTrace(traceId: string): readonly ToldSpan[] {
    return [...(this.#traceOf(traceId)?.spans.values() ?? [])]
  }

  /**
   * The traces in which an event with this id appears, and those of the events that it led to: an event that carries no trace
   * context begins a new one. Several sources may give the same id: of more than a few traces, only the newest.
   */
  ofEvent(id: string): readonly ToldSpan[] {
    return this.following(this.#byEvent.withId(id).slice(-MAX_TRACES))
  }

  /** These traces, and those that their events lead to. */
  following(traceIds: readonly string[]): readonly ToldSpan[] {
    const found = new Set(traceIds)
    const spans: ToldSpan[] = []
    // The set grows while it is walked through.
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

  /** The newest traces of which something came, the newest first. */
  notable(most: number): readonly (readonly ToldSpan[])[] {
    return this.#notable.newest(most)
  }

  /** The newest of the others. */
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
    // Ids are derived from what they name: a span that is sent again is the same.
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

/** Traces in the order in which they were added, with the number of their spans. */
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

/** Whether something came of it: an event, a failure, or a timer that fired. Statistics come of every reading, sooner or later. */
function isNotable(span: ToldSpan): boolean {
  if (span.kind === 'emission') return !span.event.type.includes('.analytics.')
  return span.kind === 'timer' || span.code !== undefined || span.outcome === 'failed'
}

type Name = Pick<EventName, 'id' | 'source'>

/** Most events appear in one trace: a set for each of them would take more memory than all else here. */
type TraceIds = string | Set<string>

class TraceIndex {
  /** Several sources may give the same id. */
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

  /** Returns the traces of an event, in the order of its first spans. */
  of(event: Name): Iterable<string> {
    return all(this.#byName.get(keyOf(event)))
  }

  /** Returns the traces of all events with an id. */
  withId(id: string): readonly string[] {
    return [...all(this.#byId.get(id))]
  }

  /** How many different ids there are. */
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
