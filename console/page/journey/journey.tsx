/** Path of one event through the system. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { RecentAnswer, RecentJourney } from '../../journey/recent.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useAnswer, useLive } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Moment } from '../parts/marks.tsx'
import { Path } from './path.tsx'
import { askedFor, endOf, kindOf } from './words.ts'
import './journey.css'

type JourneyQuery = Readonly<Record<'id' | 'trace' | 'topic' | 'partition' | 'offset', string>>

export function Journey(): JSX.Element {
  const { query } = useLocation()
  const { id = '', trace = '', topic = '', partition = '', offset = '' } = query
  const asked = { id, trace, topic, partition, offset }
  const isAsked = id !== '' || trace !== '' || topic !== ''
  return (
    <>
      <h1>One event through the system</h1>
      <AskForm key={`${id} ${trace}`} asked={id || trace} />
      {isAsked ? <Followed key={JSON.stringify(asked)} asked={asked} /> : <Recent />}
    </>
  )
}

function AskForm({ asked }: { readonly asked: string }): JSX.Element {
  const { route } = useLocation()
  const [text, setText] = useState(asked)
  const follow = (event: Event) => {
    event.preventDefault()
    if (text.trim() !== '') route(addressOf('/event', askedFor(text)))
  }
  return (
    <form class="ask" onSubmit={follow}>
      <label>
        Id of an event, trace id, or traceparent
        <input
          type="search"
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={event => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Follow it</button>
      {asked !== '' && <a href="/event">Newest events</a>}
    </form>
  )
}

/**
 * Shows the path according to the spans, with live updates. If there are no spans, or if the user requests it, the log is searched.
 */
function Followed({ asked }: { readonly asked: JourneyQuery }): JSX.Element {
  const live = useLive('/journey', asked)
  const [minutes, setMinutes] = useParameter('minutes')
  const [round, setRound] = useState(0)
  // Repeat the search for the same period, because the log may have grown.
  const search = (chosen: string) => {
    setMinutes(chosen)
    setRound(now => now + 1)
  }
  return (
    <Known of={live} what="the event">
      {answer =>
        answer.journey.roots.length > 0 && minutes === '' ? (
          <>
            <Path answer={answer} />
            <SearchChoice minutes={minutes} search={search} title="Search the log for further records" />
          </>
        ) : (
          <>
            {answer.hearsSpans && minutes === '' && (
              <p>No spans of it were found, or they are too old: the log is searched.</p>
            )}
            <Searched key={round} asked={asked} minutes={minutes || '15'} />
            <SearchChoice minutes={minutes || '15'} search={search} title="The log was searched for" />
          </>
        )
      }
    </Known>
  )
}

function Searched({
  asked,
  minutes,
}: {
  readonly asked: JourneyQuery
  readonly minutes: string
}): JSX.Element {
  const found = useAnswer('/journey/search', { ...asked, minutes })
  return (
    <Known of={found} what={`the log of the last ${spanText(minutes)}`}>
      {answer =>
        answer.journey.roots.length > 0 ? (
          <Path answer={answer} />
        ) : (
          <Empty>
            The log of the last {spanText(minutes)} does not contain this event. Search a longer time, or
            check that the id is complete.
          </Empty>
        )
      }
    </Known>
  )
}

const CHOICES = ['15', '60', '360', '1440']

function spanText(minutes: string): string {
  const count = Number(minutes)
  return count < 60 ? `${count} minutes` : count === 60 ? 'hour' : `${count / 60} hours`
}

interface ChoiceProps {
  readonly minutes: string
  readonly search: (minutes: string) => void
  readonly title: string
}

function SearchChoice({ minutes, search, title }: ChoiceProps): JSX.Element {
  return (
    <fieldset class="row">
      <legend>{title}</legend>
      {CHOICES.map(choice => (
        <button
          key={choice}
          type="button"
          class="small secondary outline"
          aria-pressed={choice === minutes}
          onClick={() => search(choice)}
        >
          the last {spanText(choice)}
        </button>
      ))}
      {minutes !== '' && (
        <button type="button" class="secondary outline" onClick={() => search(minutes)}>
          Search again
        </button>
      )}
    </fieldset>
  )
}

function Recent(): JSX.Element {
  const recent = useLive('/journey/recent')
  return (
    <>
      <p>
        The path of an event shows its position in Kafka, the decisions of each consumer with their reasons,
        and all further events, up to an alert, a notification or a dead letter. Select an event, or enter its
        id.
      </p>
      <Known of={recent} what="the newest events">
        {answer => <RecentList answer={answer} />}
      </Known>
    </>
  )
}

function RecentList({ answer: { counts, journeys } }: { readonly answer: RecentAnswer }): JSX.Element {
  if (!counts)
    return (
      <Empty>
        The functions do not send spans to this console, as they do under <code>npm start</code>. Enter the id
        of an event to search the log for it. The pages of alerts, failures and Kafka messages show ids.
      </Empty>
    )
  if (journeys.length === 0) return <Empty>No decisions yet: they appear with the first readings.</Empty>
  return (
    <ul class="list lined journey-recent" aria-label="Newest events">
      {journeys.map(one => (
        <li key={one.traceId}>
          <RecentEvent journey={one} />
        </li>
      ))}
    </ul>
  )
}

function RecentEvent({ journey }: { readonly journey: RecentJourney }): JSX.Element {
  const { traceId, atMs, end, event, emitted } = journey
  const { word, tone } = endOf(end)
  return (
    <a href={addressOf('/event', { trace: traceId })}>
      <span class={`journey-end journey-${tone}`}>{word}</span>
      <span class="journey-recent-what">
        <strong>{event.subject ?? event.id}</strong> <span class="muted">{event.source}</span>{' '}
        <span>{[kindOf(event.type).word, ...emitted.map(one => kindOf(one).word)].join(' → ')}</span>
      </span>
      <Moment at={atMs} />
    </a>
  )
}
