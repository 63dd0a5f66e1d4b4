/** Topics and brokers of the cluster, or one topic with its replicas, the distribution of its records, its settings, and its readers. */

import type { JSX } from 'preact'
import type { ListedBroker } from '../../../lib/queries/kafka/cluster.ts'
import { type Balance, formatBalance, formatShare, judgeBalance } from '../../../lib/support/balance.ts'
import type { GroupSummary } from '../../api/kafka/cluster-topics.ts'
import type { ListedTopic, PartitionAnswer, SettingAnswer, TopicAnswer } from '../../api/kafka/topics.ts'
import { buildAddress } from '../client/address.ts'
import { useParameter } from '../client/url-parameters.ts'
import { EmptyMessage, LiveAnswer } from '../components/answer-view.tsx'
import { type Column, column, DataTable, numberColumn, textColumn } from '../components/data-table.tsx'
import { Facts } from '../components/facts.tsx'
import { Check } from '../components/form-fields.tsx'
import { formatBytes, formatCount, formatNumber } from '../components/value-texts.ts'
import { FindMore } from './find-more.tsx'
import { GROUP_COLUMNS } from './groups.tsx'
import { describeTopicHealth, formatSetting } from './kafka-texts.ts'
import { NamedPage, TopicLink } from './links.tsx'
import { Subjects } from './subjects.tsx'

export function Topics(): JSX.Element {
  const [find] = useParameter('find')
  const [internal] = useParameter('internal')
  return (
    <>
      <h2>Topics</h2>
      <LiveAnswer path="/kafka/topics" query={{ find }} keep what="the topics">
        {list => (
          <>
            <FindMore more={list.more} one="topic" />
            <Check name="internal" value="yes">
              With Kafka's internal topics
            </Check>
            <DataTable
              name="topics"
              caption="topics"
              columns={COLUMNS}
              rows={list.topics.filter(({ isInternal }) => !isInternal || internal === 'yes')}
              getKey={({ topic }) => topic}
              getText={({ topic, signal }) => `${topic} ${signal ?? ''}`}
              empty="There are no topics. Run `npm start` or `sluice topics apply` to create those of an environment."
            />
            <h2>Brokers</h2>
            <DataTable
              name="brokers"
              caption="brokers"
              columns={BROKER_COLUMNS}
              rows={list.brokers}
              getKey={({ id }) => String(id)}
              empty="Kafka reports no brokers. It may be starting."
            />
          </>
        )}
      </LiveAnswer>
      <Subjects />
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
  numberColumn('Size', ({ bytes }) => bytes, { none: 'unknown', text: formatBytes }),
]

const BROKER_COLUMNS: readonly Column<ListedBroker>[] = [
  numberColumn('Broker', ({ id }) => id, { text: String }),
  column('Address', ({ address }) =>
    address === null ? <span class="bad">not in the cluster</span> : <code>{address}</code>,
  ),
  textColumn('Rack', ({ rack }) => rack),
  numberColumn('Partitions led', ({ leads }) => leads),
  numberColumn('Size', ({ bytes }) => bytes, { none: 'unknown', text: formatBytes }),
]

export function OneTopic({ name }: { readonly name: string }): JSX.Element {
  return (
    <NamedPage name={name} all="All topics" at="/kafka">
      <LiveAnswer path="/kafka/topics/one" query={{ name }} what="the topic">
        {topic => <TopicDetails topic={topic} />}
      </LiveAnswer>
    </NamedPage>
  )
}

function TopicDetails({ topic }: { readonly topic: TopicAnswer }): JSX.Element {
  const { partitions, table, bytes, bytesOfCopies, settings, groups } = topic
  const records = partitions.reduce((sum, partition) => sum + countRecords(partition), 0)
  const balance = judgeBalance(
    partitions.map(partition => (partition.end === null ? null : countRecords(partition))),
  )
  const isWhole = partitions.every(({ end }) => end !== null)
  return (
    <>
      <p>
        {table && `Carries ${table.carries}. Key: ${table.key}. `}
        <a href={buildAddress('/kafka/messages', { topic: topic.topic })}>Look at its messages</a>
      </p>
      <Facts
        areBeside
        of={[
          table && ['Signal', table.signal],
          ['Partitions', formatNumber(partitions.length)],
          ['Records', `${formatNumber(records)}${isWhole ? '' : ' and those of partitions without leader'}`],
          ['Distribution', formatBalance(balance)],
          ['Size', bytes === null ? 'unknown' : formatBytes(bytes)],
          bytesOfCopies !== null && bytesOfCopies !== bytes && ['With copies', formatBytes(bytesOfCopies)],
          ['Read by', formatCount(groups.length, 'group')],
        ]}
      />
      <section aria-label="Partitions">
        <h3>Partitions</h3>
        <DataTable
          name="partitions"
          caption="partitions"
          columns={buildPartitionColumns(topic.topic, balance.shares)}
          rows={partitions}
          getKey={({ partition }) => String(partition)}
          empty="Kafka reports no partitions of the topic."
        />
      </section>
      <section aria-label="Groups">
        <h3>Readers</h3>
        <DataTable
          name="readers"
          caption="consumer groups that read the topic"
          columns={READER_COLUMNS}
          rows={groups}
          getKey={({ group }) => group}
          empty="No consumer groups read this topic."
        />
      </section>
      <Settings settings={settings} />
    </>
  )
}

function countRecords({ start, end }: PartitionAnswer): number {
  return start === null || end === null ? 0 : Math.max(0, end - start)
}

function buildPartitionColumns(topic: string, shares: Balance['shares']): readonly Column<PartitionAnswer>[] {
  return [
    {
      heading: 'Partition',
      cell: ({ partition }) => (
        <a href={buildAddress('/kafka/messages', { topic, partition })}>{partition}</a>
      ),
      sortBy: ({ partition }) => partition,
      align: 'right',
    },
    column(
      'Leader',
      ({ leader }) => (
        <span class={leader < 0 ? 'line bad' : 'line'}>{leader < 0 ? 'none' : `broker ${leader}`}</span>
      ),
      ({ leader }) => leader,
    ),
    column('Copies on', ({ replicas }) => replicas.join(', ')),
    column('In sync', row => <InSync partition={row} />),
    numberColumn('First offset', ({ start }) => start, { none: 'not known' }),
    numberColumn('End', ({ end }) => end, { none: 'not known' }),
    numberColumn('Records', row => (row.end === null ? null : countRecords(row)), {
      none: 'not known',
    }),
    numberColumn('Share', row => shares[row.partition], { none: 'not known', text: formatShare }),
    numberColumn('Size', ({ bytes }) => bytes, { none: 'unknown', text: formatBytes }),
  ]
}

function InSync({ partition: { inSync, replicas } }: { readonly partition: PartitionAnswer }): JSX.Element {
  if (inSync.length >= replicas.length) return <span class="good">all</span>
  return <span class="warn">{inSync.length === 0 ? 'none' : `only ${inSync.join(', ')}`}</span>
}

const READER_COLUMNS: readonly Column<GroupSummary>[] = [
  ...GROUP_COLUMNS,
  numberColumn('Lag in records', ({ pending }) => pending),
]

const SETTING_COLUMNS: readonly Column<SettingAnswer>[] = [
  column(
    'Setting',
    ({ name }) => <code>{name}</code>,
    ({ name }) => name,
  ),
  column('Value', ({ name, value }) => formatSetting(name, value)),
  column(
    'From',
    ({ isOwn }) => (isOwn ? 'this topic' : "the brokers' default"),
    ({ isOwn }) => (isOwn ? 0 : 1),
  ),
]

function Settings({ settings }: Pick<TopicAnswer, 'settings'>): JSX.Element {
  const own = settings?.filter(({ isOwn }) => isOwn) ?? []
  return (
    <section aria-label="Settings">
      <h3>Settings</h3>
      {settings === null ? (
        <EmptyMessage>This client is not authorized to describe the configuration of the topic.</EmptyMessage>
      ) : (
        <>
          <DataTable
            name="settings"
            caption="settings of this topic"
            columns={SETTING_COLUMNS.slice(0, 2)}
            rows={own}
            getKey={({ name }) => name}
            empty="All settings are defaults of the brokers."
            pageSize={50}
          />
          <details>
            <summary>All {settings.length} settings, with defaults</summary>
            <DataTable
              name="defaults"
              caption="all settings"
              columns={SETTING_COLUMNS}
              rows={settings}
              getKey={({ name }) => name}
              getText={({ name }) => name}
              empty="Kafka reports no settings."
              pageSize={50}
            />
          </details>
        </>
      )}
    </section>
  )
}
