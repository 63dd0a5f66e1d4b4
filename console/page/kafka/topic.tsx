/** One topic: how it lies on the brokers, how evenly it is filled, its settings, and who reads it. */
import type { JSX } from 'preact'
import type { PartitionAnswer, ReadingGroup, SettingAnswer, TopicAnswer } from '../../api/kafka/topic.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { bytesText, countText, numberText } from '../parts/words.ts'
import { Keys } from './keys.tsx'
import { Fact, Facts, GroupLink } from './parts.tsx'
import { groupStanding, settingText } from './texts.ts'

export function OneTopic({ name }: { readonly name: string }): JSX.Element {
  const topic = useLive<TopicAnswer>(addressOf('/kafka/topics/one', { name }))
  return (
    <>
      <p class="kafka-back">
        <a href="/kafka/topics">All topics</a>
      </p>
      <h2 class="kafka-name">{name}</h2>
      <Known of={topic} what="the topic">
        {found => <Found topic={found} />}
      </Known>
    </>
  )
}

function Found({ topic }: { readonly topic: TopicAnswer }): JSX.Element {
  const { partitions, table, bytes, bytesOfCopies, settings, groups } = topic
  const records = partitions.reduce((sum, one) => sum + recordsOf(one), 0)
  const isWhole = partitions.every(({ end }) => end !== null)
  return (
    <>
      <p>
        {table && `Carries ${table.carries}. Key: ${table.key}. `}
        <a href={addressOf('/kafka/messages', { topic: topic.topic })}>Look at its messages</a>
      </p>
      <Facts>
        {table && <Fact name="Signal">{table.signal}</Fact>}
        <Fact name="Partitions">{numberText(partitions.length)}</Fact>
        <Fact name="Records">
          {numberText(records)}
          {!isWhole && ' and those of partitions without leader'}
        </Fact>
        <Fact name="Size">{bytes === null ? 'not told' : bytesText(bytes)}</Fact>
        {bytesOfCopies !== null && bytesOfCopies !== bytes && (
          <Fact name="With copies">{bytesText(bytesOfCopies)}</Fact>
        )}
        <Fact name="Read by">{countText(groups.length, 'group')}</Fact>
      </Facts>
      <section aria-label="Partitions">
        <h3>Partitions</h3>
        <Table
          name="partitions"
          caption="partitions"
          columns={partitionColumns(topic.topic, partitions)}
          rows={partitions}
          keyOf={({ partition }) => String(partition)}
          empty="The topic has no partitions that Kafka tells of."
        />
      </section>
      <Keys topic={topic.topic} />
      <section aria-label="Groups">
        <h3>Who reads it</h3>
        <Table
          name="readers"
          caption="consumer groups that read the topic"
          columns={GROUP_COLUMNS}
          rows={groups}
          keyOf={({ group }) => group}
          empty="No consumer group reads this topic, or has offsets of it."
        />
      </section>
      <Settings settings={settings} />
    </>
  )
}

function recordsOf({ start, end }: PartitionAnswer): number {
  return start === null || end === null ? 0 : Math.max(0, end - start)
}

function partitionColumns(
  topic: string,
  partitions: readonly PartitionAnswer[],
): readonly Column<PartitionAnswer>[] {
  const fullest = Math.max(1, ...partitions.map(recordsOf))
  return [
    {
      heading: 'Partition',
      cell: ({ partition }) => <a href={addressOf('/kafka/messages', { topic, partition })}>{partition}</a>,
      sortBy: ({ partition }) => partition,
      align: 'right',
    },
    {
      heading: 'Leader',
      cell: ({ leader }) => (
        <span class={leader < 0 ? 'kafka-line bad' : 'kafka-line'}>
          {leader < 0 ? 'none' : `broker ${leader}`}
        </span>
      ),
      sortBy: ({ leader }) => leader,
    },
    { heading: 'Copies on', cell: ({ replicas }) => replicas.join(', ') },
    { heading: 'In sync', cell: one => <InSync partition={one} /> },
    { heading: 'First offset', cell: ({ start }) => offsetText(start), align: 'right' },
    { heading: 'End', cell: ({ end }) => offsetText(end), align: 'right' },
    {
      heading: 'Records',
      cell: one => (one.end === null ? 'not known' : numberText(recordsOf(one))),
      sortBy: recordsOf,
      align: 'right',
    },
    {
      heading: 'Size',
      cell: ({ bytes }) => <span class="kafka-line">{bytes === null ? 'not told' : bytesText(bytes)}</span>,
      sortBy: ({ bytes }) => bytes ?? -1,
      align: 'right',
    },
    {
      heading: 'Skew',
      cell: one => <Skew partition={one} fullest={fullest} />,
      sortBy: ({ skew }) => skew ?? -1,
    },
  ]
}

function InSync({ partition: { inSync, replicas } }: { readonly partition: PartitionAnswer }): JSX.Element {
  if (inSync.length >= replicas.length) return <span class="good">all</span>
  return <span class="warn">{inSync.length === 0 ? 'none' : `only ${inSync.join(', ')}`}</span>
}

/** A bar as long as its share of the fullest one, and how many times an even share it is. */
function Skew({
  partition,
  fullest,
}: {
  readonly partition: PartitionAnswer
  readonly fullest: number
}): JSX.Element {
  const { skew, isTooFull } = partition
  const width = `${(recordsOf(partition) / fullest) * 100}%`
  return (
    <span class={isTooFull ? 'kafka-bar bad' : 'kafka-bar'}>
      <span class="kafka-bar-place" aria-hidden="true">
        <span style={{ width }} />
      </span>
      {skew === null ? 'not known' : skew.toFixed(2)}
      {isTooFull && ' too full'}
    </span>
  )
}

function offsetText(offset: number | null): string {
  return offset === null ? 'not known' : numberText(offset)
}

const GROUP_COLUMNS: readonly Column<ReadingGroup>[] = [
  { heading: 'Group', cell: ({ group }) => <GroupLink group={group} />, sortBy: ({ group }) => group },
  { heading: 'Function', cell: row => row.function ?? '–', sortBy: row => row.function ?? '' },
  {
    heading: 'State',
    cell: row => {
      const { text, tone } = groupStanding(row)
      return <span class={tone}>{text}</span>
    },
    sortBy: ({ state }) => state,
  },
  { heading: 'Members', cell: ({ members }) => members, sortBy: ({ members }) => members, align: 'right' },
  {
    heading: 'Lag in records',
    cell: ({ pending }) => numberText(pending),
    sortBy: ({ pending }) => pending,
    align: 'right',
  },
]

const SETTING_COLUMNS: readonly Column<SettingAnswer>[] = [
  { heading: 'Setting', cell: ({ name }) => <code>{name}</code>, sortBy: ({ name }) => name },
  { heading: 'Value', cell: ({ name, value }) => settingText(name, value) },
  {
    heading: 'From',
    cell: ({ isOwn }) => (isOwn ? 'this topic' : "the brokers' default"),
    sortBy: ({ isOwn }) => (isOwn ? 0 : 1),
  },
]

function Settings({ settings }: Pick<TopicAnswer, 'settings'>): JSX.Element {
  const own = settings?.filter(({ isOwn }) => isOwn) ?? []
  return (
    <section aria-label="Settings">
      <h3>Settings</h3>
      {settings === null ? (
        <Empty>
          Kafka does not let this client see them: that needs the right to describe the topic's configuration.
        </Empty>
      ) : (
        <>
          <Table
            name="settings"
            caption="settings of this topic"
            columns={SETTING_COLUMNS.slice(0, 2)}
            rows={own}
            keyOf={({ name }) => name}
            empty="No setting differs from the default of the brokers."
            pageSize={50}
          />
          <details>
            <summary>All {settings.length} settings, with defaults</summary>
            <Table
              name="defaults"
              caption="all settings"
              columns={SETTING_COLUMNS}
              rows={settings}
              keyOf={({ name }) => name}
              textOf={({ name }) => name}
              empty="Kafka tells of none."
              pageSize={50}
            />
          </details>
        </>
      )}
    </section>
  )
}
