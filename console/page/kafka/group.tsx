/** One consumer group: its members, and how far it is behind in each partition. */
import type { JSX } from 'preact'
import type { GroupAnswer } from '../../api/kafka/groups.ts'
import { addressOf } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Empty, Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { countText, numberText } from '../parts/words.ts'
import { Fact, Facts, TopicLink, Warning } from './parts.tsx'
import { assignedText, groupStanding, lagText, partitionsText, readersOf, waitText } from './texts.ts'

type Topic = GroupAnswer['topics'][number]
type Partition = Topic['partitions'][number]
type Member = GroupAnswer['members'][number]

export function OneGroup({ name }: { readonly name: string }): JSX.Element {
  const group = useLive<GroupAnswer>(addressOf('/kafka/groups/one', { name }))
  return (
    <>
      <p class="kafka-back">
        <a href="/kafka/groups">All groups</a>
      </p>
      <h2 class="kafka-name">{name}</h2>
      <Known of={group} what="the consumer group">
        {found => <Found group={found} />}
      </Known>
    </>
  )
}

function Found({ group }: { readonly group: GroupAnswer }): JSX.Element {
  const { members, topics, pending, seconds } = group
  const { text, tone } = groupStanding(group)
  return (
    <>
      {group.state === 'empty' && pending > 0 && (
        <Warning>
          Nobody reads as this group, and {countText(pending, 'record waits', 'records wait')}. If a function
          should, look whether it runs.
        </Warning>
      )}
      <Facts>
        <Fact name="State">
          <span class={tone}>{text}</span>
        </Fact>
        {group.function && (
          <Fact name="Function">
            <a href={addressOf('/state', { consumer: group.function })}>{group.function}</a>
          </Fact>
        )}
        <Fact name="Members">{members.length}</Fact>
        <Fact name="Lag in records">
          {lagText(
            pending,
            topics.some(({ unknown }) => unknown.length > 0),
          )}
        </Fact>
        <Fact name="Oldest waits">{waitText(pending, seconds)}</Fact>
      </Facts>
      {topics.length === 0 && (
        <Empty>The group has no offsets, and none of its members has a partition.</Empty>
      )}
      {topics.map(topic => (
        <section key={topic.topic} aria-label={topic.topic}>
          <h3 class="kafka-name">
            <TopicLink topic={topic.topic} />
          </h3>
          {topic.unknown.length > 0 && (
            <Warning>
              {partitionsText(topic.unknown)} no leader: what waits there is not known, and not counted.
            </Warning>
          )}
          <Table
            name={`lag.${topic.topic}`}
            caption={`partitions of ${topic.topic}`}
            columns={columnsOf(topic, members)}
            rows={topic.partitions}
            keyOf={({ partition }) => String(partition)}
            empty="The topic is not there any more, or none of its partitions has a leader."
          />
        </section>
      ))}
      <section aria-label="Members">
        <h3>Members</h3>
        <Table
          name="members"
          caption="members of the group"
          columns={MEMBER_COLUMNS}
          rows={members}
          keyOf={({ memberId }) => memberId}
          empty="The group has no members: nobody reads at the moment."
        />
      </section>
    </>
  )
}

function columnsOf({ topic }: Topic, members: readonly Member[]): readonly Column<Partition>[] {
  const readers = readersOf(topic, members)
  return [
    {
      heading: 'Partition',
      cell: ({ partition }) => partition,
      sortBy: ({ partition }) => partition,
      align: 'right',
    },
    {
      heading: 'Next offset',
      cell: ({ partition, next }) => (
        <a href={addressOf('/kafka/messages', { topic, partition, offset: next })}>{numberText(next)}</a>
      ),
      align: 'right',
    },
    { heading: 'End', cell: ({ end }) => numberText(end), align: 'right' },
    {
      heading: 'Lag in records',
      cell: ({ pending }) => numberText(pending),
      sortBy: ({ pending }) => pending,
      align: 'right',
    },
    {
      heading: 'Oldest waits',
      cell: ({ pending, seconds }) => <span class="kafka-line">{waitText(pending, seconds)}</span>,
      sortBy: ({ seconds }) => seconds ?? 0,
      align: 'right',
    },
    { heading: 'Read by', cell: ({ partition }) => readers.get(partition) ?? 'nobody' },
  ]
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { heading: 'Client', cell: ({ clientId }) => clientId, sortBy: ({ clientId }) => clientId },
  { heading: 'Host', cell: ({ host }) => <code>{host}</code>, sortBy: ({ host }) => host },
  { heading: 'Reads', cell: ({ assigned }) => assignedText(assigned) },
  { heading: 'Member id', cell: ({ memberId }) => <code>{memberId}</code> },
]
