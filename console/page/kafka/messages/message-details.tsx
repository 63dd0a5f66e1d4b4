/** A single message: its event, headers and bytes. */

import type { JSX } from 'preact'
import type { DetailedMessage } from '../../../api/kafka/messages/message-details.ts'
import { buildAddress } from '../../client/address.ts'
import { SingleAnswer } from '../../components/answer-view.tsx'
import { Bytes } from '../../components/bytes.tsx'
import { Facts, Text } from '../../components/facts.tsx'
import { Moment } from '../../components/labels.tsx'
import { formatBytes } from '../../components/value-texts.ts'
import { buildMessageLinks } from './message-links.ts'

interface Props {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export function MessagePanel(place: Props): JSX.Element {
  return (
    <SingleAnswer path="/kafka/messages/one" query={{ ...place }} what="the message">
      {value => <MessageDetails message={value} />}
    </SingleAnswer>
  )
}

/** Failure code of a record that is not a CloudEvent. */
const FOREIGN = 'not-a-cloudevent'

/**
 * Returns the CSS class for a failure code. A record that is not a CloudEvent is not shown as an error, because another application
 * may have written it.
 */
export function getFailureClass(code: string | null): string {
  return code === FOREIGN ? 'muted' : 'bad'
}

function MessageDetails({ message }: { readonly message: DetailedMessage }): JSX.Element {
  const { recordTime, eventTime, key, event, failure, became, headers, bytes, raw, isOversize } = message
  return (
    <div>
      <MessageLinks message={message} />
      {failure && (
        <p>
          <strong class={getFailureClass(failure.code)}>{failure.code}</strong> {failure.message}
        </p>
      )}
      <Facts
        areBeside
        of={[
          ...(became ? [['Became', <Became key="became" {...became} />] as const] : []),
          ['Record time', <Moment key="record" at={recordTime} />],
          ['Event time', eventTime ? <EventTime key="event" at={eventTime} /> : 'none'],
          ['Key', key === null ? 'none' : formatContent(key)],
          ['Form', describeForm(message)],
          ['Size', formatBytes(bytes)],
        ]}
      />
      {event && (
        <details open>
          <summary>Event</summary>
          <Text>{JSON.stringify(event, null, 2)}</Text>
        </details>
      )}
      <details>
        <summary>Headers ({headers.length})</summary>
        <Facts of={headers.map(({ name, ...value }) => [name, formatContent(value)] as const)} />
      </details>
      {isOversize ? (
        <p>With {formatBytes(bytes)}, it is larger than any reader gets: its value is only in Kafka.</p>
      ) : raw ? (
        <Bytes title="Value" content={raw} isOpen={!event} />
      ) : (
        <p>It has no value.</p>
      )}
    </div>
  )
}

/** Event that the record of an input became, with its entity. */
function Became({ type, source, subject }: NonNullable<DetailedMessage['became']>): JSX.Element {
  return (
    <span>
      {type} of{' '}
      <a href={buildAddress('/telemetry', { entity: `${source} ${subject ?? ''}` })}>{subject ?? source}</a>
    </span>
  )
}

function MessageLinks({ message }: { readonly message: DetailedMessage }): JSX.Element {
  const { topic, partition, offset } = message
  return (
    <p class="row">
      {buildMessageLinks(message).map(({ text, href }) => (
        <a key={href} href={href}>
          {text}
        </a>
      ))}
      <a href={buildAddress('/kafka/messages', { topic, partition, offset })}>Address of this message</a>
    </p>
  )
}

function formatContent(value: NonNullable<DetailedMessage['key']> | { readonly text: null }): string {
  return 'text' in value ? String(value.text) : `base64:${value.base64}`
}

/** Shows an event time. Leap seconds are valid event times, but JavaScript dates cannot represent them. */
export function EventTime({ at }: { readonly at: string }): JSX.Element {
  return Number.isNaN(Date.parse(at)) ? <span>{at}</span> : <Moment at={at} />
}

function describeForm({ event, mode, contentType }: DetailedMessage): string {
  if (!event) return contentType ? `no event, ${contentType}` : 'no event'
  const data = event.datacontenttype ? `, data in ${event.datacontenttype}` : ''
  return `CloudEvent, ${mode} mode${contentType ? `, ${contentType}` : ''}${contentType === event.datacontenttype ? '' : data}`
}
