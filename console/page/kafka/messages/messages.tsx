/** The messages of any topic: found, followed live, opened, downloaded. */
import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { MessageList } from '../../../api/kafka/messages/list.ts'
import type { MessageTopics } from '../../../api/kafka/messages.ts'
import { addressOf, useParameter } from '../../data/address.ts'
import { useAnswer, useLive } from '../../data/answers.ts'
import { Empty, Known } from '../../parts/known.tsx'
import { Controls, FORM } from './controls.tsx'
import { Download } from './download.tsx'
import { List } from './list.tsx'
import { type Asked, askedIn, MESSAGES, questionOf, startOf } from './question.ts'
import './messages.css'

export function Messages(): JSX.Element {
  const topics = useAnswer<MessageTopics>('/kafka/messages/topics')
  return (
    <>
      <h2>Messages</h2>
      <Known of={topics} what="the topics">
        {({ topics: all }) => <OfTopics topics={all} />}
      </Known>
    </>
  )
}

function OfTopics({ topics }: { readonly topics: MessageTopics['topics'] }): JSX.Element {
  const { query } = useLocation()
  const [live, setLive] = useParameter('live')
  const usual = topics.find(({ signal }) => signal === 'readings') ?? topics[0]
  const topic = query.topic ?? usual?.topic
  if (topic === undefined)
    return <Empty>Kafka has no topic yet: `npx sluice topics apply` creates those of this environment.</Empty>
  const asked = { ...askedIn(query), topic }
  const canFollow = startOf(asked) === 'newest' && !query.cursor
  const isLive = canFollow && live === '1'
  const opened = query.partition && query.offset ? `${query.partition}:${query.offset}` : ''
  const question = questionOf('/kafka/messages', query, topic)
  const shown = { asked, opened, isLive }
  return (
    <>
      <Controls key={JSON.stringify(asked)} topics={topics} topic={topic} asked={asked} />
      <div class="messages-actions">
        <button type="submit" form={FORM} class="messages-small">
          Show
        </button>
        <label>
          <input
            type="checkbox"
            role="switch"
            aria-checked={isLive}
            checked={isLive}
            disabled={!canFollow}
            onChange={() => setLive(isLive ? '' : '1')}
          />
          Live
        </label>
        <Download
          question={questionOf('/kafka/messages/download', query, topic)}
          asked={asked}
          topic={topic}
        />
        {query.cursor && <a href={addressOf(MESSAGES, asked)}>Back to where it began</a>}
      </div>
      {isLive ? (
        <Following key={question} question={`${question}&live=1`} {...shown} />
      ) : (
        <Once question={question} {...shown} />
      )}
    </>
  )
}

interface ShownProps {
  readonly question: string
  readonly asked: Asked
  readonly opened: string
  readonly isLive: boolean
}

function Once({ question, ...shown }: ShownProps): JSX.Element {
  const messages = useAnswer<MessageList>(question)
  return (
    <Known of={messages} what="the messages">
      {list => <List list={list} {...shown} />}
    </Known>
  )
}

/** Who reads can hold what there is, while more arrives. */
function Following({ question, ...shown }: ShownProps): JSX.Element {
  const messages = useLive<MessageList>(question)
  const held = useRef<MessageList>(undefined)
  const [isHeld, setHeld] = useState(false)
  if (!isHeld) held.current = messages.answer
  return (
    <Known of={{ ...messages, answer: held.current }} what="the messages">
      {list => (
        <>
          <p>
            <button
              type="button"
              class="secondary outline messages-small"
              onClick={() => setHeld(now => !now)}
            >
              {isHeld ? 'Go on' : 'Hold'}
            </button>
          </p>
          <List list={list} {...shown} />
        </>
      )}
    </Known>
  )
}
