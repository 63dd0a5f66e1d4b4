/** Messages of a topic: the newest as they arrive, or from a position on, with the text of a filter. */

import type { JSX, TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { MessageTopic } from '../../../api/kafka/kafka-routes.ts'
import { buildAddress } from '../../client/address.ts'
import { EmptyMessage, LiveAnswer, SingleAnswer } from '../../components/answer-view.tsx'
import { Filters } from '../../components/form-fields.tsx'
import { toLocalTime } from '../../components/value-texts.ts'
import { MessageTable } from './message-list.tsx'
import {
  chooseStart,
  MESSAGES,
  type MessageParameters,
  parseForm,
  parseParameters,
  type Start,
  toParameters,
} from './message-parameters.ts'

export function Messages(): JSX.Element {
  return (
    <SingleAnswer path="/kafka/messages/topics" what="the topics">
      {({ topics }) => <TopicMessages topics={topics} />}
    </SingleAnswer>
  )
}

function TopicMessages({ topics }: { readonly topics: readonly MessageTopic[] }): JSX.Element {
  const { query } = useLocation()
  const usual = topics.find(({ signal }) => signal === 'readings') ?? topics[0]
  const topic = query.topic ?? usual?.topic
  if (topic === undefined)
    return (
      <EmptyMessage>
        Kafka has no topics yet. Run `npx sluice topics apply` to create those of this environment.
      </EmptyMessage>
    )
  const parameters = { ...parseParameters(query), topic }
  const opened = query.partition && query.offset ? `${query.partition}:${query.offset}` : ''
  // A text is searched once, because a search reads many messages.
  const Shown =
    chooseStart(parameters) === 'newest' && !query.cursor && !query.text ? LiveAnswer : SingleAnswer
  return (
    <>
      <MessageForm key={JSON.stringify(parameters)} topics={topics} topic={topic} parameters={parameters} />
      {query.cursor && <a href={buildAddress(MESSAGES, parameters)}>Back to where it began</a>}
      <Shown path="/kafka/messages" query={toParameters(query, topic)} what="the messages">
        {list => <MessageTable list={list} parameters={parameters} opened={opened} />}
      </Shown>
    </>
  )
}

interface Props {
  readonly topics: readonly MessageTopic[]
  readonly topic: string
  readonly parameters: MessageParameters
}

const STARTS: readonly (readonly [Start, string])[] = [
  ['newest', 'Newest'],
  ['oldest', 'Oldest'],
  ['time', 'A time'],
  ['offset', 'An offset'],
]

/** Form that selects messages. Submitting it changes the URL to the form's values. */
function MessageForm({ topics, topic, parameters }: Props): JSX.Element {
  const { route } = useLocation()
  const [start, setStart] = useState(chooseStart(parameters))
  const partitions = topics.find(messageTopic => messageTopic.topic === topic)?.partitions ?? 0
  const showMessages = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)])
    route(buildAddress(MESSAGES, { ...parseForm(Object.fromEntries(form)), topic }))
  }
  return (
    <Filters inForce={Object.keys(parameters).length - 1} onSubmit={showMessages}>
      <TopicChoice topics={topics} topic={topic} />
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
        <select name="partition" required={start === 'offset'}>
          <option value="">{start === 'offset' ? 'Choose one' : 'All'}</option>
          {Array.from({ length: partitions }, (_, number) => (
            <option
              key={String(number)}
              value={String(number)}
              selected={parameters.partition === String(number)}
            >
              {number}
            </option>
          ))}
        </select>
      </label>
      <StartField key={start} start={start} parameters={parameters} />
      <label>
        With the text
        <input name="text" type="search" maxLength={200} defaultValue={parameters.text ?? ''} />
      </label>
      <button type="submit">Show</button>
    </Filters>
  )
}

/** Field for the time or the offset with which the messages begin; none for the others. */
function StartField({
  start,
  parameters: { time, offset = '0' },
}: Pick<Props, 'parameters'> & { readonly start: Start }): JSX.Element | null {
  if (start === 'time')
    return (
      <label>
        Time
        <input name="time" type="datetime-local" step="1" required defaultValue={toLocalTime(time)} />
      </label>
    )
  if (start !== 'offset') return null
  return (
    <label>
      Offset
      <input name="offset" type="number" min="0" step="1" required defaultValue={offset} />
    </label>
  )
}

/** Choice of a topic. It shows the newest messages of the topic, because other parameters belong to the last one. */
function TopicChoice({ topics, topic }: Pick<Props, 'topics' | 'topic'>): JSX.Element {
  const { route } = useLocation()
  return (
    <label>
      Topic
      <select
        value={topic}
        onChange={event => route(buildAddress(MESSAGES, { topic: event.currentTarget.value }))}
      >
        {!topics.some(messageTopic => messageTopic.topic === topic) && <option value={topic}>{topic}</option>}
        {topics.map(topic => (
          <option key={topic.topic} value={topic.topic}>
            {topic.signal ? `${topic.signal} (${topic.topic})` : topic.topic}
          </option>
        ))}
      </select>
    </label>
  )
}
