/** A single dead letter: its failed attempts and the original record. */
import type { ComponentChildren, JSX } from 'preact'
import type { ShownDeadLetter } from '../../api/failures/one-dead-letter.ts'
import { addressOf } from '../data/address.ts'
import { useAnswer } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { EntityLink, Moment } from '../parts/marks.tsx'
import { Scrolls } from '../parts/table.tsx'
import { bytesIn, hexDump, textIn } from '../parts/words.ts'
import { Bytes } from './bytes.tsx'
import { Handle } from './handle.tsx'

export function OneDeadLetter({ at }: { readonly at: string }): JSX.Element {
  const answer = useAnswer('/failures/letter', { at })
  return (
    <>
      <p>
        <a href="/failures">All dead letters</a>
      </p>
      <Known of={answer} what="the dead letter">
        {letter => (
          <article class="failures-letter">
            <h2>Dead letter {letter.at}</h2>
            <p class="failures-reason">
              <strong>{letter.code}</strong> {letter.error}
            </p>
            {letter.means && <p class="muted">That means: {letter.means}.</p>}
            <Actions letter={letter} />
            <Facts letter={letter} />
            <History letter={letter} />
            <Bytes title="Value" part={letter.value} download={bytesAddress(letter.at, 'value')} />
            <Bytes title="Key" part={letter.key} download={bytesAddress(letter.at, 'key')} />
            <Headers headers={letter.headers} />
          </article>
        )}
      </Known>
    </>
  )
}

function bytesAddress(at: string, part: 'key' | 'value'): string {
  return addressOf('/api/failures/letter/bytes', { at, part })
}

function Actions({ letter: { at, redrive } }: { readonly letter: ShownDeadLetter }): JSX.Element {
  const { to, handled, leftOutBecause } = redrive
  return (
    <>
      {handled && <p class="failures-handled">It was {handled}.</p>}
      <p>
        {leftOutBecause
          ? `A redrive skips it, because it is ${leftOutBecause}.`
          : `A redrive publishes it to ${to.topic}/${to.partition} for ${to.consumer}, as attempt ${to.attempt}.`}
      </p>
      <div class="bar">
        {!leftOutBecause && <Handle command="redrive" ats={[at]} what="" />}
        {!handled && <Handle command="drop" ats={[at]} what="" />}
      </div>
    </>
  )
}

function Facts({ letter }: { readonly letter: ShownDeadLetter }): JSX.Element {
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset, entity } = letter
  return (
    <dl class="facts">
      <Fact title="Consumer">{letter.consumer}</Fact>
      <Fact title="Failed at">
        <Moment at={letter.failedAt} />, attempt {letter.attempt} since <Moment at={letter.firstFailedAt} />
      </Fact>
      <Fact title="Dead letter">
        since <Moment at={letter.writtenAtMs} />: {letter.routedBecause}
        {letter.quarantined && <strong> It is quarantined.</strong>}
      </Fact>
      <Fact title="Record">
        <a href={addressOf('/kafka/messages', { topic, partition, offset })}>
          {topic}/{partition}@{offset}
        </a>
        , written at <Moment at={letter.originalTimestampMs} />
      </Fact>
      <Fact title="Entity">
        {entity === null ? 'unknown: the record cannot be read as an event' : <EntityLink entity={entity} />}
      </Fact>
      <Fact title="Event">
        {letter.eventId === null ? 'none' : `${letter.eventId} of type ${letter.type}`}
      </Fact>
      {letter.traceId && (
        <Fact title="Trace">
          <code>{letter.traceId}</code>
        </Fact>
      )}
    </dl>
  )
}

function Fact({
  title,
  children,
}: {
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  )
}

function History({ letter }: { readonly letter: ShownDeadLetter }): JSX.Element {
  const { history, attempt, failedAt, code, error } = letter
  return (
    <section>
      <h3>Attempts</h3>
      <ol class="failures-history">
        {history.map(before => (
          <li key={before.attempt} value={before.attempt}>
            <Moment at={before.failedAt} /> <strong>{before.errorType}</strong> {before.error}
            <br />
            {before.redrivenBy ? `Then redriven by ${before.redrivenBy}.` : 'Then retried automatically.'}
          </li>
        ))}
        <li value={attempt}>
          <Moment at={failedAt} /> <strong>{code}</strong> {error}
        </li>
      </ol>
    </section>
  )
}

function Headers({ headers }: Pick<ShownDeadLetter, 'headers'>): JSX.Element {
  return (
    <section>
      <h3>Headers</h3>
      {headers.length === 0 ? (
        <p>The record had none.</p>
      ) : (
        <Scrolls label="Headers of the record">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {headers.map(({ name, base64, bytes }, index) => (
                <tr key={`${index} ${name}`}>
                  <td>{name}</td>
                  <td>
                    <code class="failures-header">{headerText(base64, bytes)}</code>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrolls>
      )}
    </section>
  )
}

function headerText(base64: string, size: number): string {
  const bytes = bytesIn(base64)
  return textIn(bytes, bytes.length < size) ?? hexDump(bytes)
}
