/** One message with all that it says: its event, its headers, and its bytes. */
import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Message } from '../../../api/kafka/messages/one.ts'
import { addressOf } from '../../data/address.ts'
import { useAnswer } from '../../data/answers.ts'
import { bytesIn, hexDump, textIn } from '../../parts/bytes.ts'
import { Known } from '../../parts/known.tsx'
import { Moment } from '../../parts/moment.tsx'
import { bytesText } from '../../parts/words.ts'
import { EventTime } from './event-time.tsx'
import { linksOf } from './links.ts'

interface Props {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export function Detail({ topic, partition, offset }: Props): JSX.Element {
  const message = useAnswer<Message>(addressOf('/kafka/messages/one', { topic, partition, offset }))
  return (
    <Known of={message} what="the message">
      {one => <Shown message={one} />}
    </Known>
  )
}

/** Failure code of a record that is not a CloudEvent. Consumers with a mapping apply such records. */
const FOREIGN = 'not-a-cloudevent'

/** Returns the CSS class of a failure code. Foreign records are not marked as errors. */
export function failureClass(code: string | null): string {
  return code === FOREIGN ? 'muted' : 'bad'
}

function Shown({ message }: { readonly message: Message }): JSX.Element {
  const { topic, partition, offset, recordTime, eventTime, key, event, failure, headers, bytes } = message
  return (
    <div class="messages-detail">
      <p class="messages-links">
        {linksOf(message).map(({ text, href }) => (
          <a key={href} href={href}>
            {text}
          </a>
        ))}
        <a href={addressOf('/kafka/messages', { topic, partition, offset })}>Address of this message</a>
      </p>
      {failure && (
        <p class="messages-failure">
          <strong class={failureClass(failure.code)}>{failure.code}</strong> {failure.message}
          {failure.code === FOREIGN && '. A consumer can still read the record with a mapping.'}
        </p>
      )}
      <dl class="messages-facts">
        <Fact name="Record time" value={<Moment at={recordTime} />} />
        <Fact name="Event time" value={eventTime ? <EventTime at={eventTime} /> : 'none'} />
        <Fact name="Key" value={key === null ? 'none' : 'text' in key ? key.text : `base64:${key.base64}`} />
        <Fact name="Form" value={formText(message)} />
        <Fact name="Size" value={bytesText(bytes)} />
      </dl>
      {event && (
        <details open>
          <summary>Event</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys */}
          <pre class="messages-bytes" tabIndex={0}>
            {JSON.stringify(event, null, 2)}
          </pre>
        </details>
      )}
      <details>
        <summary>Headers ({headers.length})</summary>
        <dl class="messages-headers">
          {headers.map(({ name, ...value }, index) => (
            <Fact key={index} name={name} value={'text' in value ? value.text : `base64:${value.base64}`} />
          ))}
        </dl>
      </details>
      <Raw message={message} isOpen={!event} />
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt class="messages-name">{name}</dt>
      <dd class="messages-value">{value}</dd>
    </div>
  )
}

function formText({ event, mode, contentType }: Message): string {
  if (!event) return contentType ? `no event, ${contentType}` : 'no event'
  const data = event.datacontenttype ? `, data in ${event.datacontenttype}` : ''
  return `CloudEvent, ${mode} mode${contentType ? `, ${contentType}` : ''}${contentType === event.datacontenttype ? '' : data}`
}

interface RawProps {
  readonly message: Message
  readonly isOpen: boolean
}

function Raw({ message: { raw, isOversize, bytes }, isOpen }: RawProps): JSX.Element {
  const [isHex, setHex] = useState(false)
  if (isOversize)
    return <p>With {bytesText(bytes)}, it is larger than any reader gets: its value is only in Kafka.</p>
  if (!raw) return <p>It has no value.</p>
  const shown = bytesIn(raw.base64)
  const text = textIn(shown, shown.length < raw.bytes)
  const asHex = isHex || text === undefined
  return (
    <details open={isOpen}>
      <summary>Bytes of the value ({bytesText(raw.bytes)})</summary>
      <label>
        <input
          type="checkbox"
          role="switch"
          aria-checked={asHex}
          checked={asHex}
          disabled={text === undefined}
          onChange={() => setHex(now => !now)}
        />
        Hexadecimal
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrow keys */}
      <pre class="messages-bytes" tabIndex={0}>
        {asHex ? hexDump(shown) : text}
      </pre>
      {raw.bytes > shown.length && <p>Only the first {bytesText(shown.length)} are shown.</p>}
    </details>
  )
}
