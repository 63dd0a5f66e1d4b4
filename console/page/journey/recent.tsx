/** The newest events, for people who do not know yet which one to follow. */
import type { JSX } from 'preact'
import type { RecentAnswer, RecentJourney } from '../../journey/answers.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { Moment } from '../parts/moment.tsx'
import { endOf, kindOf } from './words.ts'

export function Recent(): JSX.Element {
  const recent = useLive<RecentAnswer>('/journey/recent')
  return (
    <>
      <p class="journey-intro">
        Every event leaves a trail: where it lies in Kafka, what each consumer decided about it and why, and
        what came of that, down to an alert, a notification or a dead letter. Choose one, or name it by its
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
        The functions do not tell this console of their decisions; under <code>npm start</code> they do. An
        event that you name is looked up in the log. Ids are on the pages of alerts, failures and Kafka
        messages.
      </Empty>
    )
  if (journeys.length === 0)
    return <Empty>No function has told of a decision yet: that comes with the first readings.</Empty>
  return (
    <ul class="journey-recent" aria-label="Newest events">
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
        <strong>{event.subject ?? event.id}</strong> <span class="journey-source">{event.source}</span>{' '}
        <span>{[kindOf(event.type).word, ...emitted.map(one => kindOf(one).word)].join(' → ')}</span>
      </span>
      <Moment at={atMs} />
    </a>
  )
}
