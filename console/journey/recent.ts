/** The newest paths in the spans, as suggestions. */
import type { EventName, EventStep, Journey, JourneyEnd, ToldSpan } from '../../lib/queries/journey/model.ts'
import { journeyOf } from '../../lib/queries/journey/path.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import type { SpanCounts, SpanStore } from '../spans/span-store.ts'

/** How many traces are looked at: several can belong to one path. */
const NOTABLE = 40
const SHOWN = 12
/** Readings of which nothing came are most of all, so a few of them show that. */
const PLAIN = 3

export function recentJourneys({ spans }: Pick<ConsoleEnvironment, 'spans'>): RecentAnswer {
  if (!spans) return { journeys: [] }
  const found = new Map<string, RecentJourney>()
  add(found, spans, spans.notable(NOTABLE), SHOWN - PLAIN)
  add(found, spans, spans.plain(PLAIN), SHOWN)
  return { counts: spans.counts, journeys: [...found.values()].sort((a, b) => b.atMs - a.atMs) }
}

/** Adds paths, each once, until there are this many. */
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

/** Returns undefined if the first event has been forgotten. */
function summaryOf(traceId: string, spans: readonly ToldSpan[]): RecentJourney | undefined {
  const { roots, end, fromMs } = journeyOf({ spans, records: [], positions: [], functions: [] })
  const event = roots[0]?.event
  if (!event || fromMs === undefined) return undefined
  return { traceId, atMs: fromMs, end, event, emitted: [...new Set(emittedAfter(roots))] }
}

/** The types of the emitted events, causes before their effects: spans arrive in any order. */
function emittedAfter(steps: readonly EventStep[]): string[] {
  const next = steps.flatMap(({ decisions }) =>
    decisions.flatMap(({ emitted, timers }) => [...emitted, ...timers.flatMap(timer => timer.emitted)]),
  )
  if (next.length === 0) return []
  return [...next.flatMap(({ event }) => (event ? [event.type] : [])), ...emittedAfter(next)]
}

export interface JourneyAnswer {
  readonly journey: Journey
  /** Whether the functions report their decisions to this console. */
  readonly hearsSpans: boolean
  /** Missing parts and reasons, as sentences. */
  readonly missing: readonly string[]
  /** Signals of the topics on the path; the name of a foreign one. */
  readonly signals: Readonly<Record<string, string>>
  /** How much of the log was searched; absent where only known places were read. */
  readonly searched?: { readonly sinceMs: number; readonly isWhole: boolean }
}

export interface RecentAnswer {
  /** Missing if the functions do not report their decisions to this console. */
  readonly counts?: SpanCounts
  /** The newest first: those of which something came, and a few others. */
  readonly journeys: readonly RecentJourney[]
}

export interface RecentJourney {
  readonly traceId: string
  readonly atMs: number
  readonly end: JourneyEnd
  /** First event of the path. */
  readonly event: EventName
  /** The types of the events that came of it, each once. */
  readonly emitted: readonly string[]
}
