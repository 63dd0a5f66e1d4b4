/** Most recent paths in the spans, as suggestions. */
import type { EventName, EventStep, Journey, JourneyEnd, ToldSpan } from '../../lib/queries/journey/model.ts'
import { journeyOf } from '../../lib/queries/journey/path.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import type { SpanCounts, SpanStore } from '../spans/span-store.ts'

/** Number of traces to examine. Several can belong to one path. */
const NOTABLE = 40
const SHOWN = 12
/** Maximum number of readings without further events. Most readings are of this kind. */
const PLAIN = 3

export function recentJourneys({ spans }: Pick<ConsoleEnvironment, 'spans'>): RecentAnswer {
  if (!spans) return { journeys: [] }
  const found = new Map<string, RecentJourney>()
  add(found, spans, spans.notable(NOTABLE), SHOWN - PLAIN)
  add(found, spans, spans.plain(PLAIN), SHOWN)
  return { counts: spans.counts, journeys: [...found.values()].sort((a, b) => b.atMs - a.atMs) }
}

/** Adds paths without repetition, up to a number. */
function add(
  found: Map<string, RecentJourney>,
  spans: SpanStore,
  traces: readonly (readonly ToldSpan[])[],
  most: number,
): void {
  for (const [first] of traces) {
    if (!first || found.size >= most) continue
    const summary = summaryOf(first.traceId, spans.following([first.traceId]))
    if (!summary) continue
    const key = `${summary.event.source} ${summary.event.id}`
    if (!found.has(key)) found.set(key, summary)
  }
}

/** Returns undefined if the first event is no longer available. */
function summaryOf(traceId: string, spans: readonly ToldSpan[]): RecentJourney | undefined {
  const { roots, end, fromMs } = journeyOf({ spans, records: [], positions: [], functions: [] })
  const event = roots[0]?.event
  if (!event || fromMs === undefined) return undefined
  return { traceId, atMs: fromMs, end, event, emitted: [...new Set(emittedAfter(roots))] }
}

/** Returns the types of the emitted events, causes before effects. Spans arrive in any order. */
function emittedAfter(steps: readonly EventStep[]): string[] {
  const next = steps.flatMap(({ decisions }) =>
    decisions.flatMap(({ emitted, timers }) => [...emitted, ...timers.flatMap(timer => timer.emitted)]),
  )
  if (next.length === 0) return []
  return [...next.flatMap(({ event }) => (event ? [event.type] : [])), ...emittedAfter(next)]
}

export interface JourneyAnswer {
  readonly journey: Journey
  /** True if the functions send spans of their decisions to this console. */
  readonly hearsSpans: boolean
  /** Sentences about missing parts of the path, with reasons. */
  readonly missing: readonly string[]
  /** Signals of the topics on the path; the topic's name for other applications. */
  readonly signals: Readonly<Record<string, string>>
  /** Searched range of the log; absent if only known positions were read. */
  readonly searched?: { readonly sinceMs: number; readonly isWhole: boolean }
}

export interface RecentAnswer {
  /** Absent if the functions do not send spans of their decisions to this console. */
  readonly counts?: SpanCounts
  /** Newest first. Includes mainly paths with further events. */
  readonly journeys: readonly RecentJourney[]
}

export interface RecentJourney {
  readonly traceId: string
  readonly atMs: number
  readonly end: JourneyEnd
  /** First event of the path. */
  readonly event: EventName
  /** Distinct types of all further events on the path. */
  readonly emitted: readonly string[]
}
