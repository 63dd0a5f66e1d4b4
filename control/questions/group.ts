/** One consumer group, or all of them: the lag and the reader of each partition. */
import type { GroupDescription, Kafka } from '#runtime/operating/kafka'
import type { LogReader } from '#runtime/pipeline'
import { count as countOf } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { Failure } from '../../lib/support/failure.ts'
import { formatRanges } from '../../lib/support/ranges-text.ts'
import { describeKafka } from '../diagnosis/server-standards.ts'
import {
  type AgedGroupLag,
  addGroupAges,
  computeLongestWait,
  type GroupLag,
  listGroups,
  listWaiting,
  readConsumerGroups,
  readGroupLags,
} from '../queries/kafka/consumer-groups.ts'
import { column, count } from './column.ts'
import type { Environment } from './environment.ts'
import { optionalNameField } from './field.ts'
import { explainUnknown, summarizeGroup } from './groups.ts'
import { describeTransactions } from './kafka.ts'
import { question } from './question.ts'

export const GROUP = question({
  title: 'Consumer group',
  about: `Show consumer groups with their state, and their lag in each partition: the number of records that are not consumed, and the age of the
oldest. Without a group, all groups of the cluster are shown.`,
  more: `
Lag is counted from the committed offset to the end of the partition or, without a committed offset, from the first
record. Transaction markers count as records.

Examples:
  sluice groups lag sluice-alerting-local
  sluice groups lag --json`,
  ofCluster: true,
  filter: { group: optionalNameField('full name of a group') },
  async read(environment, { group }, { most, mostRecords, nowMs }) {
    const kafka = await environment.kafka()
    const groups = await findGroups(kafka, group)
    if (group !== undefined && groups.length === 0) throw missingGroup(environment, group)
    const log = await environment.log()
    const cluster = await environment.cluster()
    const found: AgedGroupLag[] = []
    let left = mostRecords
    for (const lag of await readGroupLags(kafka, cluster, groups.slice(0, most))) {
      found.push(await addAges(log, lag, left, nowMs))
      left -= listWaiting(lag).length
    }
    const rows = found.map(lag => describeGroup(environment, lag))
    const topics = found.flatMap(lag => lag.topics.map(({ topic }) => topic))
    const idle = rows.filter(row => row.group === group && row.state === 'no readers')
    return {
      rows,
      more: groups.length - found.length,
      notes: [
        ...explainUnknown(rows),
        ...found.flatMap(describeUncounted),
        ...(await describeTransactions(cluster, topics)),
        ...idle.map(
          ({ pending, function: name }) =>
            `The group has no members and ${countOf(pending ?? 0, 'pending record')}. Check that its ${name === null ? 'consumer' : 'function'} is running.`,
        ),
      ],
    }
  },
}).shownAs({
  key: 'group',
  columns: [
    column('function'),
    column('state', { tone: 'tone' }),
    count('members', { none: 'not known' }),
    count('pending', { heading: 'Lag in records', atLeast: 'isAtLeast', none: 'not known' }),
    column('seconds', { type: 'seconds', heading: 'Oldest waits', none: 'not known' }),
    column('lag', { type: 'block' }),
  ],
  sections: [
    {
      of: 'partitions',
      title: 'Partitions',
      key: 'of',
      columns: [
        column('topic', { link: 'topic', terminal: { least: 20 } }),
        count('partition'),
        count('next', { heading: 'Next offset', link: 'messages', linkBy: ['topic', 'partition', 'next'] }),
        count('end', { terminal: { leaveOut: 2 } }),
        count('pending', { heading: 'Lag in records' }),
        column('seconds', { type: 'seconds', heading: 'Oldest waits', none: 'not known' }),
        column('reader', { heading: 'Read by', none: 'none known', terminal: { leaveOut: 1 } }),
      ],
      empty: 'Kafka reports no offsets of the group, and no partitions of its members.',
    },
    {
      of: 'readers',
      title: 'Members',
      key: 'memberId',
      columns: [
        column('clientId', { heading: 'Client', terminal: { least: 20 } }),
        column('host', { terminal: { leaveOut: 2 } }),
        column('reads', { type: 'list', terminal: { least: 20 } }),
        column('memberId', { heading: 'Member id', terminal: { leaveOut: 1 } }),
      ],
      empty: 'Kafka reports no members of the group.',
    },
  ],
  empty: 'The cluster has no consumer groups.',
  // Each age requires reading a record.
  page: { mostRecords: 200 },
})

/** Returns a group if Kafka has it, or all groups. */
async function findGroups(kafka: Kafka, group: string | undefined): Promise<readonly GroupDescription[]> {
  if (group === undefined) return listGroups(kafka)
  return (await readConsumerGroups(kafka, [group])).filter(({ state }) => state !== 'missing')
}

/** Adds the ages of a group's lag. @param most number of partitions with lag above which all ages are unknown */
async function addAges(log: LogReader, lag: GroupLag, most: number, nowMs: number): Promise<AgedGroupLag> {
  if (listWaiting(lag).length <= most) return addGroupAges(log, lag, nowMs)
  const withoutAges = lag.topics.map(topic => ({
    ...topic,
    partitions: topic.partitions.map(partition => ({
      ...partition,
      seconds: partition.pending === 0 ? 0 : null,
    })),
  }))
  return { ...lag, topics: withoutAges }
}

/** Returns a group with the rows of its sections. Pure. */
export function describeGroup(environment: Pick<Environment, 'findFunction'>, lag: AgedGroupLag) {
  const { members, topics } = { ...lag, members: lag.members ?? [] }
  const readers = new Map<string, string>(
    members.flatMap(({ clientId, host, assigned }) =>
      Object.entries(assigned).flatMap(([topic, partitions]) =>
        partitions.map(partition => [`${topic}/${partition}`, `${clientId} at ${host}`] as const),
      ),
    ),
  )
  const summary = summarizeGroup(environment, lag)
  const seconds = summary.pending === null ? null : computeLongestWait(lag)
  return {
    ...summary,
    seconds,
    lag: summary.pending === null ? null : formatLag(topics, summary.pending, seconds),
    partitions: topics.flatMap(({ topic, partitions }) =>
      partitions.map(partition => {
        const of = `${topic}/${partition.partition}`
        return { of, topic, ...partition, reader: readers.get(of) ?? null }
      }),
    ),
    readers: members.map(({ clientId, host, memberId, assigned }) => ({
      clientId,
      host,
      memberId,
      reads: Object.entries(assigned).map(([topic, partitions]) => `${topic}: ${formatRanges(partitions)}`),
    })),
  }
}

/** Returns the lag as text, a line for each partition. */
function formatLag(topics: AgedGroupLag['topics'], total: number, longest: number | null): string {
  const format = (pending: number, seconds: number | null) => {
    const age = seconds === null ? 'age unknown' : `oldest waits ${durationText(seconds * 1_000)}`
    return pending === 0 ? '0' : `${pending} (${age})`
  }
  const lines = topics.flatMap(({ topic, partitions }) => [
    `Topic: ${topic}`,
    ...partitions.map(lag => `Partition ${lag.partition}: lag = ${format(lag.pending, lag.seconds)}`),
  ])
  return [...lines, `Total lag: ${format(total, longest)}`].join('\n')
}

function missingGroup({ config }: Environment, group: string): Failure {
  return new Failure(
    `Kafka at ${describeKafka(config).address} has no consumer group ${group}. The group of a function exists once the function has started to read; \`sluice groups list\` lists all groups.`,
    { isMissing: true },
  )
}

/** Says which partitions report no offsets, so that what waits there is neither known nor counted. */
function describeUncounted({ group, topics }: AgedGroupLag): string[] {
  return topics.flatMap(({ topic, unknown }) =>
    unknown.length === 0
      ? []
      : [
          `${group}: no offsets of ${topic}/${formatRanges(unknown)}, without a leader that answers or permission to describe it. What waits there is not known, and not counted.`,
        ],
  )
}
