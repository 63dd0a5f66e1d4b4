/** Form that selects messages. Submitting it changes the URL to the form's values. */
import type { JSX, TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { MessageTopic } from '../../../api/kafka/messages.ts'
import { addressOf } from '../../data/address.ts'
import { localTime } from '../../parts/words.ts'
import { chosenIn, MESSAGES, type MessagesQuestion, type Start, startOf } from './question.ts'

interface Props {
  readonly topics: readonly MessageTopic[]
  readonly topic: string
  readonly asked: MessagesQuestion
}

const STARTS: readonly (readonly [Start, string])[] = [
  ['newest', 'Newest'],
  ['oldest', 'Oldest'],
  ['time', 'A time'],
  ['offset', 'An offset'],
]

/** Id of the form. The submit button is outside the form and refers to it. */
export const FORM = 'messages-form'

export function Controls({ topics, topic, asked }: Props): JSX.Element {
  const { route, query } = useLocation()
  const [start, setStart] = useState(startOf(asked))
  const [partition, setPartition] = useState(asked.partition ?? '')
  const partitions = topics.find(one => one.topic === topic)?.partitions ?? 0
  const show = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    )
    route(addressOf(MESSAGES, { ...chosenIn({ ...form, topic }), live: query.live }))
  }
  return (
    <form id={FORM} class="messages-form" onSubmit={show}>
      <label class="messages-wide">
        Topic
        <select
          value={topic}
          onChange={event =>
            route(addressOf(MESSAGES, { topic: event.currentTarget.value, live: query.live }))
          }
        >
          {!topics.some(one => one.topic === topic) && <option value={topic}>{topic}</option>}
          <Options label="This environment" topics={topics.filter(({ signal }) => signal !== null)} />
          <Options label="Others" topics={topics.filter(({ signal }) => signal === null)} />
        </select>
      </label>
      <label>
        Begin with
        <select name="start" value={start} onChange={event => setStart(event.currentTarget.value as Start)}>
          {STARTS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        Partition
        <select
          name="partition"
          value={partition}
          required={start === 'offset'}
          onChange={event => setPartition(event.currentTarget.value)}
        >
          <option value="">{start === 'offset' ? 'Choose one' : 'All'}</option>
          {Array.from({ length: partitions }, (_, number) => (
            <option key={String(number)} value={String(number)}>
              {number}
            </option>
          ))}
        </select>
      </label>
      {start === 'time' && (
        <label>
          Time
          <input name="time" type="datetime-local" step="1" required defaultValue={localTime(asked.time)} />
        </label>
      )}
      {start === 'offset' && (
        <label>
          Offset
          <input name="offset" type="number" min="0" step="1" required defaultValue={asked.offset ?? '0'} />
        </label>
      )}
      <label>
        With the text
        <input name="text" type="search" maxLength={200} defaultValue={asked.text ?? ''} />
      </label>
      <label class="messages-check">
        <input name="ticks" type="checkbox" value="1" defaultChecked={asked.ticks === '1'} />
        Ticks and rule sets
      </label>
    </form>
  )
}

interface OptionsProps {
  readonly label: string
  readonly topics: readonly MessageTopic[]
}

function Options({ label, topics }: OptionsProps): JSX.Element | null {
  if (topics.length === 0) return null
  return (
    <optgroup label={label}>
      {topics.map(({ topic, signal }) => (
        <option key={topic} value={topic}>
          {signal ? `${signal} (${topic})` : topic}
        </option>
      ))}
    </optgroup>
  )
}
