/** Consumer groups of the cluster, or one group with its members and its lag per partition. */

import type { JSX } from 'preact'
import type { GroupSummary } from '../../api/kafka/cluster-topics.ts'
import type { GroupAnswer, ListedGroup } from '../../api/kafka/groups.ts'
import { buildAddress } from '../client/address.ts'
import { useParameter } from '../client/url-parameters.ts'
import { EmptyMessage, LiveAnswer, Warning } from '../components/answer-view.tsx'
import { type Column, column, DataTable, numberColumn, textColumn } from '../components/data-table.tsx'
import { Facts } from '../components/facts.tsx'
import { formatCount, formatNumber } from '../components/value-texts.ts'
import { FindMore } from './find-more.tsx'
import {
  describeGroupHealth,
  describePartitions,
  formatAssigned,
  formatLag,
  formatWait,
  listReaders,
} from './kafka-texts.ts'
import { GroupLink, NamedPage, TopicLink } from './links.tsx'

export function Groups(): JSX.Element {
  const [find] = useParameter('find')
  return (
    <>
      <h2>Consumer groups</h2>
      <LiveAnswer path="/kafka/groups" query={{ find }} keep what="the consumer groups">
        {list => (
          <>
            <FindMore more={list.more} one="group" />
            <DataTable
              name="groups"
              caption="consumer groups"
              columns={COLUMNS}
              rows={list.groups}
              getKey={({ group }) => group}
              getText={({ group, function: name, topics, state }) =>
                `${group} ${name ?? ''} ${state} ${topics.join(' ')}`
              }
              empty="There are no consumer groups. The group of a function exists once the function has started to read."
            />
          </>
        )}
      </LiveAnswer>
    </>
  )
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
    row => {
      const { text, tone } = describeGroupHealth(row)
      return <span class={`line ${tone}`}>{text}</span>
    },
    row => describeGroupHealth(row).text,
  ),
  numberColumn('Members', ({ members }) => members, { text: String }),
]

const COLUMNS: readonly Column<ListedGroup>[] = [
  ...GROUP_COLUMNS,
  {
    heading: 'Lag in records',
    cell: ({ pending, isAtLeast }) => formatLag(pending, isAtLeast),
    sortBy: ({ pending }) => pending,
    align: 'right',
  },
  column('Reads', ({ topics }) => (
    <ul class="list">
      {topics.map(topic => (
        <li key={topic}>
          <TopicLink topic={topic} />
        </li>
      ))}
    </ul>
  )),
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
  const { members, topics, pending, seconds, function: reader } = group
  const { text, tone } = describeGroupHealth(group)
  const isAtLeast = topics.some(({ unknown }) => unknown.length > 0)
  const state = <span class={tone}>{text}</span>
  return (
    <>
      {group.state === 'empty' && pending > 0 && (
        <Warning>
          The group has no members and {formatCount(pending, 'pending record')}. Check that its function is
          running.
        </Warning>
      )}
      <Facts
        areBeside
        of={[
          ['State', state],
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
