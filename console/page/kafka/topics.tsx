/** Topics and brokers of the cluster, or one topic with its replicas, the distribution of its records, its settings, and its readers. */

import type { JSX } from 'preact'
import { type Balance, formatBalance, formatShare, judgeBalance } from '../../../lib/support/balance.ts'
import type { GroupSummary } from '../../api/kafka/cluster-topics.ts'
import type { PartitionAnswer, SettingAnswer, TopicAnswer } from '../../api/kafka/topics.ts'
import { buildAddress } from '../client/address.ts'
import { EmptyMessage, LiveAnswer } from '../components/answer-view.tsx'
import { type Column, column, DataTable, numberColumn } from '../components/data-table.tsx'
import { Facts } from '../components/facts.tsx'
import { formatBytes, formatCount, formatNumber } from '../components/value-texts.ts'
import { QuestionList } from '../questions/question-list.tsx'
import { GROUP_COLUMNS } from './groups.tsx'
import { formatSetting } from './kafka-texts.ts'
import { NamedPage } from './links.tsx'

export function Topics(): JSX.Element {
  return (
    <>
      <QuestionList path="/kafka/topics" />
      <QuestionList path="/kafka/brokers" />
      <QuestionList path="/kafka/subjects" />
    </>
  )
}

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
