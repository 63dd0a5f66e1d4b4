/** The newest paths that spans tell of, for those who do not know yet which one to look at. */
import type { ToldSpan } from '../../lib/queries/journey/model.ts'
import { journeyOf } from '../../lib/queries/journey/path.ts'
import { entityOf } from '../../lib/runtime/consumer/event.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import type { RecentAnswer, RecentJourney } from './answers.ts'

const NOTABLE = 40
const SHOWN = 12
/** Readings of which nothing came are most of all, so a few of them show that. */
const PLAIN = 3

export function recentJourneys({ spans }: Pick<ConsoleEnvironment, 'spans'>): RecentAnswer {
  if (!spans) return { journeys: [] }
  const journeys = [
    ...summaries(spans.notable(NOTABLE), SHOWN - PLAIN),
    ...summaries(spans.plain(PLAIN), PLAIN),
  ]
  return { counts: spans.counts, journeys: journeys.sort((a, b) => b.atMs - a.atMs) }
}

function summaries(traces: readonly (readonly ToldSpan[])[], most: number): readonly RecentJourney[] {
  return traces.flatMap(spans => summaryOf(spans) ?? []).slice(0, most)
}

/** Undefined if the event at the beginning is no longer known. */
function summaryOf(spans: readonly ToldSpan[]): RecentJourney | undefined {
  const { roots, end, fromMs } = journeyOf({ spans, records: [], positions: [], functions: [] })
  const [root] = roots
  const [first] = spans
  if (!root?.event || !first || fromMs === undefined) return undefined
  const emitted = spans.flatMap(span => (span.kind === 'emission' ? [span.event.type] : []))
  const { type } = root.event
  return {
    traceId: first.traceId,
    atMs: fromMs,
    end,
    type,
    entity: entityOf(root.event),
    emitted: [...new Set(emitted)],
  }
}
