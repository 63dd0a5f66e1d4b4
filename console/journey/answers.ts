/** What the console says of an event on its way. */
import type { EventName, Journey, JourneyEnd } from '../../lib/queries/journey/model.ts'
import type { SpanCounts } from '../spans/span-store.ts'

export interface JourneyAnswer {
  readonly journey: Journey
  /** Whether the functions tell this console of their decisions. */
  readonly hearsSpans: boolean
  /** What is not known, and why: sentences. */
  readonly missing: readonly string[]
  /** Of each topic on the path, what it carries; its name, if it is none of Sluice's. */
  readonly signals: Readonly<Record<string, string>>
  /** How much of the log was searched; absent where only known places were read. */
  readonly searched?: { readonly sinceMs: number; readonly isWhole: boolean }
}

export interface RecentAnswer {
  /** Absent if the functions do not tell this console of their decisions. */
  readonly counts?: SpanCounts
  /** The newest first: those of which something came, and a few others. */
  readonly journeys: readonly RecentJourney[]
}

export interface RecentJourney {
  readonly traceId: string
  readonly atMs: number
  readonly end: JourneyEnd
  /** What is at the beginning. */
  readonly event: EventName
  /** The types of the events that came of it, each once. */
  readonly emitted: readonly string[]
}
