/** Path of an event. A summary shows the steps to the most distant effect; below it, the full path is shown as a tree. */
import type { ComponentChildren, JSX } from 'preact'
import type { DecisionStep, EventStep, RecordPosition } from '../../../lib/queries/journey/model.ts'
import type { JourneyAnswer } from '../../journey/recent.ts'
import { addressOf } from '../data/address.ts'
import { type EventLink, eventLinks } from '../data/event-links.ts'
import { Facts, Text } from '../parts/facts.tsx'
import { Moment } from '../parts/marks.tsx'
import { bytesText, countText, durationText } from '../parts/words.ts'
import { endOf, kindOf, mainWay, outcomeOf, purposeOf, type Stage, titleOf, valuesOf } from './words.ts'

export function Path({ answer }: { readonly answer: JourneyAnswer }): JSX.Element {
  const { journey, missing, signals } = answer
  const { roots, end, events, decisions, fromMs, toMs } = journey
  const { says, tone } = endOf(end)
  const way = mainWay(roots)
  const onWay = new Set(way.flatMap(({ step, by }) => [step.key, ...(by ? [by.key] : [])]))
  const lasted =
    fromMs === undefined || toMs === undefined ? '' : `, ${durationText(toMs - fromMs)} from first to last`
  return (
    <section aria-label="The path of the event">
      <p class={`journey-headline journey-${tone}`} role="status">
        <strong>{says}</strong>{' '}
        <span>
          {countText(events, 'event')}, {countText(decisions, 'decision')}
          {lasted}.
        </span>
      </p>
      <Way stages={way} signals={signals} />
      {missing.length > 0 && (
        <ul class="list muted" aria-label="Missing parts">
          {missing.map(one => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <h2 class="unseen">Every step</h2>
      <Tree roots={roots} signals={signals} startMs={fromMs} onWay={onWay} />
    </section>
  )
}

interface Props {
  readonly stages: readonly Stage[]
  /** Signal by topic. */
  readonly signals: Readonly<Record<string, string>>
}

function Way({ stages, signals }: Props): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users scroll it with the arrow keys
    <section class="journey-way" aria-label="In short" tabIndex={0}>
      <ol>
        {stages.flatMap(({ step, by }) => [
          <li key={step.key} class={`journey-stop journey-${kindOf(step.event?.type).tone}`}>
            <Stop title={kindOf(step.event?.type).word}>{titleOf(step, signals)}</Stop>
          </li>,
          ...(by
            ? [
                <li key={by.key} class={`journey-hop journey-${outcomeOf(by).tone}`}>
                  <Stop title={by.consumer}>{by.reason ?? outcomeOf(by).word}</Stop>
                </li>,
              ]
            : []),
        ])}
      </ol>
    </section>
  )
}

function Stop({
  title,
  children,
}: {
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <div>
      <strong>{title}</strong>
      <span>{children}</span>
    </div>
  )
}

interface Common {
  /** Signal by topic. */
  readonly signals: Readonly<Record<string, string>>
  /** Start of the path, in epoch milliseconds. */
  readonly startMs: number | undefined
  /** Keys of the steps between the event and its most distant effect. */
  readonly onWay: ReadonlySet<string>
}

function Tree({ roots, ...common }: Common & { readonly roots: readonly EventStep[] }): JSX.Element {
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
        <ol aria-label={`Decisions of consumers: ${kindOf(event?.type).word}`}>
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
        <ol aria-label={`Events emitted by ${consumer}`}>
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

interface VerdictProps {
  readonly decision: DecisionStep
  /** Event about which the decision was made. */
  readonly of: EventStep
  /** Start of the path, in epoch milliseconds. */
  readonly startMs: number | undefined
}

function Verdict({ decision, of, startMs }: VerdictProps): JSX.Element {
  const { consumer, reason, timer, toMs, place } = decision
  const { word, tone } = outcomeOf(decision)
  const purpose = purposeOf(consumer)
  return (
    <div class={`journey-verdict journey-${tone}`}>
      <span class="journey-who">
        <a href={stateAddress(decision, of)}>{consumer}</a>
        {purpose && <small>{purpose}</small>}
        {of.places.length > 1 && place && <small>about offset {place.offset}</small>}
      </span>
      <span class="journey-what">
        <span class="journey-outcome">{timer === undefined ? word : `timer ${timer} fired`}</span>{' '}
        {reason !== undefined && <code>{reason}</code>} <Because decision={decision} />
      </span>
      {toMs !== undefined && startMs !== undefined && (
        <span class="journey-time">+{durationText(Math.max(0, toMs - startMs))}</span>
      )}
    </div>
  )
}

function Because({ decision }: { readonly decision: DecisionStep }): JSX.Element | null {
  const { outcome, why, knownBy, behind } = decision
  if (outcome === 'waiting')
    return (
      <span>{behind === 0 ? 'it is the next record' : `${countText(behind ?? 0, 'record')} before it`}</span>
    )
  if (outcome === 'decided') return <span>its state is past the record; how it ended is not known</span>
  if (why !== undefined) return <Sentence text={why} />
  return knownBy === 'emission' ? <span>it emitted what follows; why is not known</span> : null
}

/** Renders the parts of a sentence between backticks as code. */
function Sentence({ text }: { readonly text: string }): JSX.Element {
  return (
    <span>
      {text.split('`').map((part, index) => (index % 2 === 0 ? part : <code key={part}>{part}</code>))}
    </span>
  )
}

interface EventCardProps {
  readonly step: EventStep
  /** Signal by topic. */
  readonly signals: Readonly<Record<string, string>>
  /** Start of the path, in epoch milliseconds. */
  readonly startMs: number | undefined
}

function EventCard({ step, signals, startMs }: EventCardProps): JSX.Element {
  const { event, failure, places } = step
  const { word, tone } = kindOf(event?.type)
  if (event === undefined && places.length === 0)
    return (
      <article class="journey-card journey-plain">
        <p>An earlier event set a timer. What else was decided about it is no longer known.</p>
      </article>
    )
  return (
    <article class={`journey-card journey-${tone}`} aria-label={word}>
      <header>
        <span class="journey-kind">{word}</span>
        <strong>{titleOf(step, signals)}</strong>
        <Elapsed step={step} startMs={startMs} />
      </header>
      {failure && <p class="bad">{failure.message}</p>}
      <Values step={step} />
      <Where step={step} signals={signals} />
      {event && <Details step={step} />}
    </article>
  )
}

/** Shows the time since the start of the path, with the exact time as a tooltip. */
function Elapsed({ step, startMs }: Pick<EventCardProps, 'step' | 'startMs'>): JSX.Element | null {
  const written = step.places.flatMap(({ writtenAtMs }) => writtenAtMs ?? [])
  const atMs = written.length > 0 ? Math.min(...written) : step.emittedAtMs
  if (atMs === undefined) return null
  const sinceMs = startMs === undefined ? 0 : atMs - startMs
  return (
    <span class="journey-time">
      <Moment at={atMs} />
      {sinceMs > 0 && <span> +{durationText(sinceMs)}</span>}
    </span>
  )
}

function Values({ step }: { readonly step: EventStep }): JSX.Element | null {
  const values = valuesOf(step)
  if (values.length === 0) return null
  return (
    <dl class="journey-values">
      {values.map(([name, value]) => (
        <div key={name} class="journey-value">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Where({ step: { places, topic }, signals }: Pick<EventCardProps, 'step' | 'signals'>): JSX.Element {
  if (places.length === 0)
    return <p>{topic ? `in ${signals[topic] ?? topic}, at an unknown position` : ''}</p>
  return (
    <ul class="row" aria-label="Place">
      {places.map(place => (
        <li key={placeText(place)}>
          <a href={messageAddress(place)}>
            {signals[place.topic] ?? place.topic} · partition {place.partition} · offset {place.offset}
          </a>
          {place.redrivenFor !== undefined && <span> came back for {place.redrivenFor}</span>}
        </li>
      ))}
    </ul>
  )
}

function Details({ step }: { readonly step: EventStep }): JSX.Element {
  const { event, time, data, largeBytes, traceId } = step
  return (
    <div class="row">
      <details>
        <summary>Contents</summary>
        <Facts
          of={[
            ['id', event?.id],
            ['source', event?.source],
            ['type', event?.type],
            time !== undefined && ['time', time],
            traceId !== undefined && ['trace', traceId],
          ]}
        />
        {data !== undefined && <Text>{JSON.stringify(data, null, 2)}</Text>}
        {largeBytes !== undefined && (
          <p>Its data take {bytesText(largeBytes)}: the message itself shows them.</p>
        )}
      </details>
      {linksOf(step).map(({ href, text }) => (
        <a key={href} href={href}>
          {text}
        </a>
      ))}
    </div>
  )
}

function placeText({ topic, partition, offset }: RecordPosition): string {
  return `${topic}/${partition}/${offset}`
}

function messageAddress({ topic, partition, offset }: RecordPosition): string {
  return addressOf('/kafka/messages', { topic, partition, offset })
}

/** Returns the URL of the consumer's state for the entity of the event. */
function stateAddress({ consumer, place }: DecisionStep, { event }: EventStep): string {
  const entity = event?.subject === undefined ? undefined : `${event.source} ${event.subject}`
  return addressOf('/state', { consumer, topic: place?.topic, entity })
}

function linksOf({
  event,
  data,
  places,
}: Pick<EventStep, 'event' | 'data' | 'places'>): readonly EventLink[] {
  return event ? eventLinks({ ...event, data, place: places[0] }) : []
}
