/** Messages of a topic: search, follow, inspect and download them. */
import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { MessageList } from '../../../api/kafka/messages/list.ts'
import type { MessageTopic } from '../../../api/kafka/messages.ts'
import { addressOf, useParameter } from '../../data/address.ts'
import { useLive } from '../../data/answers.ts'
import { responseTo } from '../../data/ask.ts'
import type { Parameters } from '../../data/search.ts'
import { Outcome, useAction } from '../../parts/forms.tsx'
import { Empty, Known, Once } from '../../parts/known.tsx'
import { countText } from '../../parts/words.ts'
import { Controls, FORM } from './controls.tsx'
import { List } from './list.tsx'
import {
  askedIn,
  MESSAGES,
  type MessagesQuestion,
  questionOf,
  recordCommand,
  recordNote,
  startOf,
} from './question.ts'
import './messages.css'

/**
 * Downloads a response as a file. The link is not added to the document, so that the page's router does not handle it.
 *
 * @param path path under `/api`
 * @returns the headers of the response
 * @throws RefusedByServer with a message for users
 */
async function saveFile(path: string, name: string): Promise<Headers> {
  const response = await responseTo(path)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
  return response.headers
}

export function Messages(): JSX.Element {
  return (
    <>
      <h2>Messages</h2>
      <Once path="/kafka/messages/topics" what="the topics">
        {({ topics }) => <OfTopics topics={topics} />}
      </Once>
    </>
  )
}

function OfTopics({ topics }: { readonly topics: readonly MessageTopic[] }): JSX.Element {
  const { query } = useLocation()
  const [live, setLive] = useParameter('live')
  const usual = topics.find(({ signal }) => signal === 'readings') ?? topics[0]
  const topic = query.topic ?? usual?.topic
  if (topic === undefined)
    return (
      <Empty>
        Kafka has no topics yet. Run `npx sluice topics apply` to create those of this environment.
      </Empty>
    )
  const asked = { ...askedIn(query), topic }
  const canFollow = startOf(asked) === 'newest' && !query.cursor
  const isLive = canFollow && live === '1'
  const opened = query.partition && query.offset ? `${query.partition}:${query.offset}` : ''
  const question = questionOf(query, topic)
  const shown = { question, asked, opened, isLive }
  return (
    <>
      <Controls key={JSON.stringify(asked)} topics={topics} topic={topic} asked={asked} />
      <div class="row">
        <button type="submit" form={FORM} class="small">
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
        <Download question={question} asked={asked} topic={topic} />
        {query.cursor && <a href={addressOf(MESSAGES, asked)}>Back to where it began</a>}
      </div>
      {isLive ? (
        <Following key={JSON.stringify(question)} {...shown} />
      ) : (
        <Once path="/kafka/messages" query={question} what="the messages">
          {list => <List list={list} {...shown} />}
        </Once>
      )}
    </>
  )
}

interface ShownProps {
  readonly question: Parameters
  readonly asked: MessagesQuestion
  readonly opened: string
  readonly isLive: boolean
}

/** Shows new messages as they arrive. The user can pause the updates. */
function Following({ question, ...shown }: ShownProps): JSX.Element {
  const messages = useLive('/kafka/messages', { ...question, live: '1' })
  const held = useRef<MessageList>(undefined)
  const [isHeld, setHeld] = useState(false)
  if (!isHeld) held.current = messages.answer
  return (
    <Known of={{ ...messages, answer: held.current }} what="the messages">
      {list => (
        <>
          <p>
            <button type="button" class="small secondary outline" onClick={() => setHeld(now => !now)}>
              {isHeld ? 'Go on' : 'Hold'}
            </button>
          </p>
          <List list={list} {...shown} />
        </>
      )}
    </Known>
  )
}

interface DownloadProps {
  readonly question: Parameters
  readonly asked: MessagesQuestion
  readonly topic: string
}

/** Saves the matching messages as a file, in the format of `sluice record`. */
function Download({ question, asked, topic }: DownloadProps): JSX.Element {
  const [isCut, setCut] = useState(false)
  const { isBusy, said, run } = useAction(async () => {
    setCut(false)
    const headers = await saveFile(addressOf('/kafka/messages/download', question), `${topic}.jsonl`)
    setCut(headers.get('sluice-is-cut') === 'true')
    return `Saved ${countText(Number(headers.get('sluice-records')), 'message')}.`
  })
  return (
    <>
      <button
        type="button"
        class="small secondary outline"
        aria-busy={isBusy}
        disabled={isBusy}
        onClick={run}
      >
        Download
      </button>
      <Outcome of={said}>
        {isCut && (
          <>
            {' '}
            The limit of one file was reached. To write all messages, run{' '}
            <code>{recordCommand(asked, topic)}</code>. {recordNote(asked)}
          </>
        )}
      </Outcome>
    </>
  )
}
