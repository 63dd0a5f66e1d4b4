/** Consumer groups of the cluster, or one group with its members and its lag per partition. */

import type { JSX } from 'preact'
import type { GroupSummary } from '../../api/kafka/cluster-topics.ts'
import type { GroupAnswer } from '../../api/kafka/groups.ts'
import { buildAddress } from '../client/address.ts'
import { EmptyMessage, LiveAnswer, Warning } from '../components/answer-view.tsx'
import { type Column, column, DataTable, numberColumn, textColumn } from '../components/data-table.tsx'
import { Facts } from '../components/facts.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { QuestionList } from '../questions/question-list.tsx'
import { describePartitions, formatAssigned, formatLag, formatWait, listReaders } from './kafka-texts.ts'
import { GroupLink, NamedPage, TopicLink } from './links.tsx'

export function Groups(): JSX.Element {
  return <QuestionList path="/kafka/groups" />
}

/** Columns of all lists of groups. */
export const GROUP_COLUMNS: readonly Column<GroupSummary>[] = [
  column(
    'Group',
    ({ group }) => <GroupLink group={group} />,
    ({ group }) => group,
  ),
  textColumn('Function', row => row.function),
  column(
    'State',
    ({ state, tone }) => <span class={`line ${tone}`}>{state}</span>,
    ({ state }) => state,
  ),
  numberColumn('Members', ({ members }) => members, { text: String }),
]

export function OneGroup({ name }: { readonly name: string }): JSX.Element {
  return (
    <NamedPage name={name} all="All groups" at="/kafka/groups">
      <LiveAnswer path="/kafka/groups/one" query={{ name }} what="the consumer group">
        {group => <GroupDetails group={group} />}
      </LiveAnswer>
    </NamedPage>
  )
}

type Topic = GroupAnswer['topics'][number]
type Member = GroupAnswer['members'][number]

function GroupDetails({ group }: { readonly group: GroupAnswer }): JSX.Element {
  const { state, tone, members, topics, pending, seconds, function: reader } = group
  const isAtLeast = topics.some(({ unknown }) => unknown.length > 0)
  return (
    <>
      {state === 'no readers' && (
        <Warning>
          The group has no members and {formatCount(pending, 'pending record')}. Check that its function is
          running.
        </Warning>
      )}
      <Facts
        areBeside
        of={[
          ['State', <span class={tone}>{state}</span>],
          reader && ['Function', reader],
          ['Members', members.length],
          ['Lag in records', formatLag(pending, isAtLeast)],
          ['Oldest waits', formatWait(pending, seconds)],
        ]}
      />
      {topics.length === 0 && (
        <EmptyMessage>The group has no offsets, and none of its members has a partition.</EmptyMessage>
      )}
      {topics.map(topic => (
        <section key={topic.topic} aria-label={topic.topic}>
          <h3 class="breaks">
            <TopicLink topic={topic.topic} />
          </h3>
          {topic.unknown.length > 0 && (
            <Warning>
              {describePartitions(topic.unknown)} no leader: what waits there is not known, and not counted.
            </Warning>
          )}
          <DataTable
            name={`lag.${topic.topic}`}
            caption={`partitions of ${topic.topic}`}
            columns={buildLagColumns(topic, members)}
            rows={topic.partitions}
            getKey={({ partition }) => String(partition)}
            empty="The topic no longer exists, or none of its partitions has a leader."
          />
        </section>
      ))}
      <section aria-label="Members">
        <h3>Members</h3>
        <DataTable
          name="members"
          caption="members of the group"
          columns={MEMBER_COLUMNS}
          rows={members}
          getKey={({ memberId }) => memberId}
          empty="The group has no members, so its topics are not being read."
        />
      </section>
    </>
  )
}

function buildLagColumns(
  { topic }: Topic,
  members: readonly Member[],
): readonly Column<Topic['partitions'][number]>[] {
  const readers = listReaders(topic, members)
  return [
    numberColumn('Partition', ({ partition }) => partition, { text: String }),
    {
      heading: 'Next offset',
      cell: ({ partition, next }) => (
        <a href={buildAddress('/kafka/messages', { topic, partition, offset: next })}>{formatNumber(next)}</a>
      ),
      align: 'right',
    },
    numberColumn('End', ({ end }) => end),
    numberColumn('Lag in records', ({ pending }) => pending),
    {
      heading: 'Oldest waits',
      cell: ({ pending, seconds }) => formatWait(pending, seconds),
      sortBy: ({ seconds }) => seconds ?? 0,
      align: 'right',
    },
    column('Read by', ({ partition }) => readers.get(partition) ?? 'no reader'),
  ]
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  textColumn('Client', ({ clientId }) => clientId),
  column(
    'Host',
    ({ host }) => <code>{host}</code>,
    ({ host }) => host,
  ),
  column('Reads', ({ assigned }) => formatAssigned(assigned)),
  column('Member id', ({ memberId }) => <code>{memberId}</code>),
]
