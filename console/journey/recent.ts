/** Finds the most recent paths of events in the spans. The page suggests them. */
import type { EventName, EventStep, Journey, JourneyEnd, ToldSpan } from '../../lib/queries/journey/model.ts'
import { journeyOf } from '../../lib/queries/journey/path.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import type { SpanCounts, SpanStore } from '../spans/span-store.ts'

/** Number of traces to examine. Several traces can belong to one path. */
const NOTABLE = 40
const SHOWN = 12
/** Maximum number of paths that consist only of a reading. Most readings cause no further events. */
const PLAIN = 3

export function recentJourneys({ spans }: Pick<ConsoleEnvironment, 'spans'>): RecentAnswer {
  if (!spans) return { journeys: [] }
  const found = new Map<string, RecentJourney>()
  add(found, spans, spans.notable(NOTABLE), SHOWN - PLAIN)
  add(found, spans, spans.plain(PLAIN), SHOWN)
  return { counts: spans.counts, journeys: [...found.values()].sort((a, b) => b.atMs - a.atMs) }
}

/** Adds paths that have not been found yet, up to a number. */
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

/** Returns the summary of a path; undefined if the path's first event is no longer available. */
function summaryOf(traceId: string, spans: readonly ToldSpan[]): RecentJourney | undefined {
  const { roots, end, fromMs } = journeyOf({ spans, records: [], positions: [], functions: [] })
  const event = roots[0]?.event
  if (!event || fromMs === undefined) return undefined
  return { traceId, atMs: fromMs, end, event, emitted: [...new Set(emittedAfter(roots))] }
}

/** Returns the types of the emitted events, sorted so that an event follows its cause. The steps can be in any order. */
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
  /** Signal of each topic on the path. For a topic of another application, it is the topic's name. */
  readonly signals: Readonly<Record<string, string>>
  /** Range of the log that was searched; absent if only records at known positions were read. */
  readonly searched?: { readonly sinceMs: number; readonly isWhole: boolean }
}

export interface RecentAnswer {
  /** Numbers of received spans; absent if the functions do not send spans of their decisions to this console. */
  readonly counts?: SpanCounts
  /** Newest first. Most of these paths have further events. */
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
