/** All topics of the cluster; with `?topic=…`, one of them. */
import type { JSX } from 'preact'
import type { ListedTopic, TopicsAnswer } from '../../api/kafka/topics.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { bytesText, numberText } from '../parts/words.ts'
import { FindMore, TopicLink } from './parts.tsx'
import { topicStanding } from './texts.ts'
import { OneTopic } from './topic.tsx'

export function Topics(): JSX.Element {
  const [topic] = useParameter('topic')
  return topic ? <OneTopic name={topic} /> : <AllTopics />
}

function AllTopics(): JSX.Element {
  const [find] = useParameter('find')
  const [internal, setInternal] = useParameter('internal')
  const topics = useLive<TopicsAnswer>(addressOf('/kafka/topics', { find }), { keep: true })
  return (
    <>
      <h2>Topics</h2>
      <Known of={topics} what="the topics">
        {found => (
          <>
            <FindMore more={found.more} one="topic" />
            <label class="kafka-check">
              <input
                type="checkbox"
                checked={internal === 'yes'}
                onChange={event => setInternal(event.currentTarget.checked ? 'yes' : '')}
              />
              With the topics that Kafka keeps for itself
            </label>
            <Table
              name="topics"
              caption="topics"
              columns={COLUMNS}
              rows={found.topics.filter(({ isInternal }) => !isInternal || internal === 'yes')}
              keyOf={({ topic }) => topic}
              textOf={({ topic, signal }) => `${topic} ${signal ?? ''}`}
              empty="There are no topics. `npm start` and `sluice topics apply` create those of an environment."
            />
          </>
        )}
      </Known>
    </>
  )
}

const COLUMNS: readonly Column<ListedTopic>[] = [
  { heading: 'Topic', cell: ({ topic }) => <TopicLink topic={topic} />, sortBy: ({ topic }) => topic },
  { heading: 'Signal', cell: ({ signal }) => signal ?? '–', sortBy: ({ signal }) => signal ?? '' },
  {
    heading: 'Partitions',
    cell: ({ partitions }) => numberText(partitions),
    sortBy: ({ partitions }) => partitions,
    align: 'right',
  },
  {
    heading: 'Copies',
    cell: ({ replicationFactor }) => replicationFactor,
    sortBy: ({ replicationFactor }) => replicationFactor,
    align: 'right',
  },
  {
    heading: 'State',
    cell: row => {
      const { text, tone } = topicStanding(row)
      return <span class={`kafka-line ${tone}`}>{text}</span>
    },
    sortBy: ({ leaderless, underReplicated }) => leaderless * 1e6 + underReplicated,
  },
  {
    heading: 'Records',
    cell: ({ records }) => (records === null ? 'not known' : numberText(records)),
    sortBy: ({ records }) => records ?? -1,
    align: 'right',
  },
  {
    heading: 'Size',
    cell: ({ bytes }) => <span class="kafka-line">{bytes === null ? 'not told' : bytesText(bytes)}</span>,
    sortBy: ({ bytes }) => bytes ?? -1,
    align: 'right',
  },
]
