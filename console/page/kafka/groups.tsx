/** All consumer groups of the cluster; with `?group=…`, one of them. */
import type { JSX } from 'preact'
import type { GroupsAnswer, ListedGroup } from '../../api/kafka/groups.ts'
import { addressOf, useParameter } from '../data/address.ts'
import { useLive } from '../data/answers.ts'
import { Known } from '../parts/known.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { OneGroup } from './group.tsx'
import { FindMore, GroupLink, TopicLink } from './parts.tsx'
import { groupStanding, lagText } from './texts.ts'

export function Groups(): JSX.Element {
  const [group] = useParameter('group')
  return group ? <OneGroup name={group} /> : <AllGroups />
}

function AllGroups(): JSX.Element {
  const [find] = useParameter('find')
  const groups = useLive<GroupsAnswer>(addressOf('/kafka/groups', { find }), { keep: true })
  return (
    <>
      <h2>Consumer groups</h2>
      <Known of={groups} what="the consumer groups">
        {found => (
          <>
            <FindMore more={found.more} one="group" />
            <Table
              name="groups"
              caption="consumer groups"
              columns={COLUMNS}
              rows={found.groups}
              keyOf={({ group }) => group}
              textOf={({ group, function: name, topics, state }) =>
                `${group} ${name ?? ''} ${state} ${topics.join(' ')}`
              }
              empty="No consumer group has read anything yet. Functions have one as soon as they run."
            />
          </>
        )}
      </Known>
    </>
  )
}

const COLUMNS: readonly Column<ListedGroup>[] = [
  { heading: 'Group', cell: ({ group }) => <GroupLink group={group} />, sortBy: ({ group }) => group },
  { heading: 'Function', cell: row => row.function ?? '–', sortBy: row => row.function ?? '' },
  {
    heading: 'State',
    cell: row => {
      const { text, tone } = groupStanding(row)
      return <span class={`kafka-line ${tone}`}>{text}</span>
    },
    sortBy: row => groupStanding(row).text,
  },
  { heading: 'Members', cell: ({ members }) => members, sortBy: ({ members }) => members, align: 'right' },
  {
    heading: 'Lag in records',
    cell: ({ pending, isAtLeast }) => lagText(pending, isAtLeast),
    sortBy: ({ pending }) => pending,
    align: 'right',
  },
  {
    heading: 'Reads',
    cell: ({ topics }) => (
      <ul class="kafka-list">
        {topics.map(topic => (
          <li key={topic}>
            <TopicLink topic={topic} />
          </li>
        ))}
      </ul>
    ),
  },
]
