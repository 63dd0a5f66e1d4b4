/** A single dead letter: its failed attempts and the original record. */

import type { JSX } from 'preact'
import type { PartOfRecord, ShownDeadLetter } from '../../api/failures/dead-letter-details.ts'
import { buildAddress } from '../client/address.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import { decodeBase64, decodeText, formatHexDump } from '../components/byte-texts.ts'
import { Bytes } from '../components/bytes.tsx'
import { Facts } from '../components/facts.tsx'
import { EntityLink, Moment } from '../components/labels.tsx'
import { RedriveOrDrop } from './redrive-or-drop.tsx'

export function DeadLetterPage({ at }: { readonly at: string }): JSX.Element {
  return (
    <>
      <p>
        <a href="/failures">All dead letters</a>
      </p>
      <LiveAnswer path="/failures/letter" query={{ at }} what="the dead letter">
        {letter => <DeadLetterDetails letter={letter} />}
      </LiveAnswer>
    </>
  )
}

interface Props {
  readonly letter: ShownDeadLetter
}

function DeadLetterDetails({ letter }: Props): JSX.Element {
  const { at, code, error, means, redrive, value, headers } = letter
  const { to, handled, leftOutBecause } = redrive
  return (
    <section class="card">
      <h2>Dead letter {at}</h2>
      <p>
        <strong>{code}</strong> {error}
      </p>
      {means && <p class="muted">That means: {means}.</p>}
      {handled && <p class="done">It was {handled}.</p>}
      <p>
        {leftOutBecause
          ? `A redrive skips it, because it is ${leftOutBecause}.`
          : `A redrive publishes it to ${to.topic}/${to.partition} for ${to.consumer}, as attempt ${to.attempt}.`}
      </p>
      {!handled && <RedriveOrDrop ats={[at]} what="" canRedrive={!leftOutBecause} />}
      <LetterFacts letter={letter} />
      {letter.history.length > 0 && <Attempts letter={letter} />}
      {value ? <Bytes title="Bytes of the value" part={value} isOpen /> : <p>The record has no value.</p>}
      <details>
        <summary>Headers ({headers.length})</summary>
        <Facts of={headers.map(({ name, value }) => [name, value ? formatPart(value) : 'null'] as const)} />
      </details>
    </section>
  )
}

function LetterFacts({ letter }: Props): JSX.Element {
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, entity } = letter
  return (
    <Facts
      of={[
        ['Consumer', letter.consumer],
        [
          'Failed at',
          <>
            <Moment at={letter.failedAt} />, attempt {letter.attempt} since{' '}
            <Moment at={letter.firstFailedAt} />
          </>,
        ],
        [
          'Dead letter',
          <>
            since <Moment at={letter.writtenAtMs} />
            {letter.routedBecause !== letter.means && `: ${letter.routedBecause}`}
            {letter.quarantined && <strong> It is quarantined.</strong>}
          </>,
        ],
        [
          'Record',
          <>
            <a href={buildAddress('/kafka/messages', { topic, partition, offset })}>
              {topic}/{partition}@{offset}
            </a>
            , written at <Moment at={letter.originalTime} />
          </>,
        ],
        [
          'Entity',
          entity === null ? 'unknown: the record cannot be read as an event' : <EntityLink entity={entity} />,
        ],
        ['Event', letter.eventId === null ? 'none' : `${letter.eventId} of type ${letter.type}`],
        letter.traceId && ['Trace', letter.traceId],
        ['Key', letter.key ? formatPart(letter.key) : 'none'],
      ]}
    />
  )
}

function Attempts({ letter: { history, attempt, failedAt, code, error } }: Props): JSX.Element {
  return (
    <>
      <h3>Attempts</h3>
      <ol>
        {history.map(before => (
          <li key={before.attempt} value={before.attempt}>
            <Moment at={before.failedAt} /> <strong>{before.errorType}</strong> {before.error}{' '}
            {before.redrivenBy ? `Then redriven by ${before.redrivenBy}.` : 'Then retried automatically.'}
          </li>
        ))}
        <li value={attempt}>
          <Moment at={failedAt} /> <strong>{code}</strong> {error}
        </li>
      </ol>
    </>
  )
}

function formatPart({ base64, bytes }: PartOfRecord): string {
  const shown = decodeBase64(base64)
  return decodeText(shown, shown.length < bytes) ?? formatHexDump(shown)
}
