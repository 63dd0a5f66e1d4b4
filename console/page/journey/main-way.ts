/** The one way through a path that a person wants to see first: to the farthest that came of the event. Pure. */
import type { DecisionStep, EventStep } from '../../../lib/queries/journey/model.ts'

/** The events on the way, each with the decision that emitted the next one. */
export interface Stage {
  readonly step: EventStep
  /** Undefined at the end, if no decision stands out there. */
  readonly by: DecisionStep | undefined
}

interface Way {
  readonly stages: readonly Stage[]
  readonly weight: number
}

const WEIGHTS: readonly (readonly [form: RegExp, weight: number])[] = [
  [/\.dead-letter\./, 9],
  [/\.retry\./, 8],
  [/\.failure\.v/, 7],
  [/^io\.sluice\.notification\./, 6],
  [/\.alert\.routed\./, 5],
  [/\.alert\.(fired|resolved)\./, 4],
  [/\.analytics\./, 1],
]

/** @param roots of a path; empty if there are none */
export function mainWay(roots: readonly EventStep[]): readonly Stage[] {
  return heaviest(roots.map(wayFrom))?.stages ?? []
}

function wayFrom(step: EventStep): Way {
  const own = weightOf(step)
  const further = heaviest(
    step.decisions.flatMap(decision =>
      emissionsOf(decision).map(next => through(step, decision, wayFrom(next))),
    ),
  )
  if (further && further.weight > own) return further
  return { stages: [{ step, by: lastWord(step) }], weight: own }
}

/** A decision emits by itself, and by the timers that it has set. */
function emissionsOf({ emitted, timers }: DecisionStep): readonly EventStep[] {
  return [...emitted, ...timers.flatMap(emissionsOf)]
}

function through(step: EventStep, by: DecisionStep, { stages, weight }: Way): Way {
  return { stages: [{ step, by }, ...stages], weight }
}

function weightOf({ event }: EventStep): number {
  return WEIGHTS.find(([form]) => form.test(event?.type ?? ''))?.[1] ?? 2
}

/** Who has the last word about an event of which nothing came: a receiver of people, or one that failed or waits. */
function lastWord({ decisions }: EventStep): DecisionStep | undefined {
  return (
    decisions.find(({ outcome }) => outcome === 'failed') ??
    decisions.find(
      ({ consumer, outcome, reason }) =>
        consumer.startsWith('notify-') && outcome === 'applied' && reason !== 'other-receivers',
    )
  )
}

function heaviest(ways: readonly Way[]): Way | undefined {
  let best: Way | undefined
  for (const way of ways) if (!best || way.weight > best.weight) best = way
  return best
}
