/** An event of a path: what it says at a glance, where it lies, and where to read more. */
import type { JSX } from 'preact'
import type { EventStep } from '../../../lib/queries/journey/model.ts'
import { Moment } from '../parts/moment.tsx'
import { bytesText, durationText } from '../parts/words.ts'
import { linksOf, messageAddress, placeText } from './links.ts'
import { kindOf, titleOf, valuesOf } from './words.ts'

interface Props {
  readonly step: EventStep
  /** What each topic carries. */
  readonly signals: Readonly<Record<string, string>>
  /** Where the path begins, in milliseconds since the epoch. */
  readonly startMs: number | undefined
}

export function EventCard({ step, signals, startMs }: Props): JSX.Element {
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

/** Since the beginning of the path, as people compare steps; the exact time is behind it. */
function Elapsed({ step, startMs }: Pick<Props, 'step' | 'startMs'>): JSX.Element | null {
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

function Where({ step: { places, topic }, signals }: Pick<Props, 'step' | 'signals'>): JSX.Element {
  if (places.length === 0)
    return <p class="journey-where">{topic ? `in ${signals[topic] ?? topic}; where is not known` : ''}</p>
  return (
    <ul class="journey-where" aria-label="Where it lies">
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
    <div class="journey-more">
      <details>
        <summary>What it says</summary>
        <dl class="journey-attributes">
          <dt>id</dt>
          <dd>{event?.id}</dd>
          <dt>source</dt>
          <dd>{event?.source}</dd>
          <dt>type</dt>
          <dd>{event?.type}</dd>
          {time !== undefined && <dt>time</dt>}
          {time !== undefined && <dd>{time}</dd>}
          {traceId !== undefined && <dt>trace</dt>}
          {traceId !== undefined && <dd>{traceId}</dd>}
        </dl>
        {data !== undefined && <pre>{JSON.stringify(data, null, 2)}</pre>}
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
