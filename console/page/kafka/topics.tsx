/** Topics of the cluster. */
import type { JSX } from 'preact'
import type { ListedTopic } from '../../api/kafka/topics.ts'
import { useParameter } from '../client/url-parameters.ts'
import { LiveAnswer } from '../components/answer-view.tsx'
import { type Column, column, numberColumn, Table, textColumn } from '../components/data-table.tsx'
import { Check } from '../components/form-fields.tsx'
import { bytesText } from '../components/value-texts.ts'
import { describeTopicHealth } from './kafka-texts.ts'
import { FindMore, TopicLink } from './links.tsx'

export function Topics(): JSX.Element {
  const [find] = useParameter('find')
  const [internal] = useParameter('internal')
  return (
    <>
      <h2>Topics</h2>
      <LiveAnswer path="/kafka/topics" query={{ find }} keep what="the topics">
        {found => (
          <>
            <FindMore more={found.more} one="topic" />
            <Check name="internal" value="yes">
              With Kafka's internal topics
            </Check>
            <Table
              name="topics"
              caption="topics"
              columns={COLUMNS}
              rows={found.topics.filter(({ isInternal }) => !isInternal || internal === 'yes')}
              getKey={({ topic }) => topic}
              getText={({ topic, signal }) => `${topic} ${signal ?? ''}`}
              empty="There are no topics. Run `npm start` or `sluice topics apply` to create those of an environment."
            />
          </>
        )}
      </LiveAnswer>
    </>
  )
}

const COLUMNS: readonly Column<ListedTopic>[] = [
  column(
    'Topic',
    ({ topic }) => <TopicLink topic={topic} />,
    ({ topic }) => topic,
  ),
  textColumn('Signal', ({ signal }) => signal),
  numberColumn('Partitions', ({ partitions }) => partitions),
  numberColumn('Copies', ({ replicationFactor }) => replicationFactor),
  column(
    'State',
    row => {
      const { text, tone } = describeTopicHealth(row)
      return <span class={`line ${tone}`}>{text}</span>
    },
    ({ leaderless, underReplicated }) => leaderless * 1e6 + underReplicated,
  ),
  numberColumn('Records', ({ records }) => records, { none: 'not known' }),
  numberColumn('Size', ({ bytes }) => bytes, { none: 'unknown', text: bytesText }),
]
