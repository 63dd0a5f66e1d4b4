/** All of a path as a tree: below an event the decisions about it, below a decision what it emitted. */
import type { JSX } from 'preact'
import type { DecisionStep, EventStep } from '../../../lib/queries/journey/model.ts'
import { EventCard } from './event-card.tsx'
import { Verdict } from './verdict.tsx'
import { kindOf } from './words.ts'

interface Common {
  /** What each topic carries. */
  readonly signals: Readonly<Record<string, string>>
  /** Where the path begins, in milliseconds since the epoch. */
  readonly startMs: number | undefined
  /** The keys of what leads to the farthest that came of the event. */
  readonly onWay: ReadonlySet<string>
}

export function Tree({ roots, ...common }: Common & { readonly roots: readonly EventStep[] }): JSX.Element {
  return (
    <ol class="journey-path">
      {roots.map(step => (
        <EventNode key={step.key} step={step} {...common} />
      ))}
    </ol>
  )
}

function EventNode({ step, ...common }: Common & { readonly step: EventStep }): JSX.Element {
  const { key, event, decisions } = step
  return (
    <li class={nodeClass(common, key)}>
      <EventCard step={step} signals={common.signals} startMs={common.startMs} />
      {decisions.length > 0 && (
        <ol aria-label={`What consumers decided: ${kindOf(event?.type).word}`}>
          {decisions.map(decision => (
            <DecisionNode key={decision.key} decision={decision} of={step} {...common} />
          ))}
        </ol>
      )}
    </li>
  )
}

function DecisionNode({
  decision,
  of,
  ...common
}: Common & { readonly decision: DecisionStep; readonly of: EventStep }): JSX.Element {
  const { key, consumer, emitted, timers } = decision
  return (
    <li class={nodeClass(common, key)}>
      <Verdict decision={decision} of={of} startMs={common.startMs} />
      {timers.length + emitted.length > 0 && (
        <ol aria-label={`What came of it: ${consumer}`}>
          {emitted.map(step => (
            <EventNode key={step.key} step={step} {...common} />
          ))}
          {timers.map(timer => (
            <DecisionNode key={timer.key} decision={timer} of={of} {...common} />
          ))}
        </ol>
      )}
    </li>
  )
}

function nodeClass({ onWay }: Common, key: string): string {
  return onWay.has(key) ? 'journey-node journey-on-way' : 'journey-node'
}
