/** Formats topics as text. Pure. */
import type { TopicPartition } from '#runtime/adapters/kafka/topic-admin.ts'
import { type Balance, formatBalance, formatShare } from '../../lib/support/balance.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

/** JSON document that `topics list --json` prints for each topic. */
export interface ListedTopic {
  readonly topic: string
  /** Name in the topic table; null for a topic that is not in the table. */
  readonly signal: string | null
  readonly partitions: number
  readonly replicationFactor: number
  /** Number of partitions with a replica that is not in sync, or without a leader. */
  readonly underReplicated: number
}

const LIST: readonly Column[] = [
  { heading: 'TOPIC', least: 20, cut: 'start' },
  { heading: 'SIGNAL', leaveOut: 2 },
  { heading: 'PARTITIONS', align: 'right' },
  { heading: 'REPLICATION', align: 'right', leaveOut: 3 },
  { heading: 'UNDER-REPLICATED', align: 'right', leaveOut: 1 },
]

export function formatTopics(
  { topics }: { readonly topics: readonly ListedTopic[] },
  columns?: number,
): string {
  if (topics.length === 0) return 'The cluster has no topics.\n'
  const rows = topics.map(({ topic, signal, partitions, replicationFactor, underReplicated }) => [
    topic,
    signal ?? '-',
    ...[partitions, replicationFactor, underReplicated].map(String),
  ])
  return `${formatTable(LIST, rows, columns)}\n`
}

/** Returns the replication factor of a topic, and the number of partitions that have no leader or a replica that is not in sync. */
export function summarizeReplication(partitions: readonly TopicPartition[]): {
  readonly replicationFactor: number
  readonly underReplicated: number
} {
  const lacking = partitions.filter(
    ({ leader, replicas, inSync }) => leader < 0 || inSync.length < replicas.length,
  )
  return {
    replicationFactor: Math.max(0, ...partitions.map(({ replicas }) => replicas.length)),
    underReplicated: lacking.length,
  }
}

/** JSON document that `topics describe --json` prints. */
export interface DescribedTopic {
  readonly topic: string
  readonly partitions: readonly (TopicPartition & { readonly records: number; readonly share: number })[]
  readonly balance: Pick<Balance, 'verdict' | 'skew'>
  readonly settings: Readonly<Record<string, string>>
}

const DESCRIBE: readonly Column[] = [
  { heading: 'PARTITION', align: 'right' },
  { heading: 'LEADER', align: 'right' },
  { heading: 'REPLICAS' },
  { heading: 'IN SYNC' },
  { heading: 'RECORDS', align: 'right' },
  { heading: 'SHARE', align: 'right' },
]

export function formatTopic(described: DescribedTopic, columns?: number): string {
  const { topic, partitions, balance, settings } = described
  const { replicationFactor, underReplicated } = summarizeReplication(partitions)
  const rows = partitions.map(({ partition, leader, replicas, inSync, records, share }) => [
    String(partition),
    leader < 0 ? 'none' : String(leader),
    replicas.join(','),
    inSync.join(','),
    String(records),
    formatShare(share),
  ])
  const own = Object.entries(settings).map(([name, value]) => `  ${name} = ${escapeText(value)}`)
  return [
    `Topic: ${escapeText(topic)}`,
    `Partitions: ${partitions.length}, replication factor ${replicationFactor}, ${underReplicated} under-replicated`,
    `Distribution of records: ${formatBalance(balance)}`,
    formatTable(DESCRIBE, rows, columns),
    own.length > 0 ? 'Settings that differ from the default:' : 'No setting differs from the default.',
    ...own,
    '',
  ].join('\n')
}
