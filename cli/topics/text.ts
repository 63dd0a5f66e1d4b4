/** Formats a topic as text. */
import type { TopicPartition } from '#runtime/adapters/kafka/topic-admin.ts'
import { judgeReplication } from '../../lib/questions/topics.ts'
import { type Balance, formatBalance, formatShare } from '../../lib/support/balance.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

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
  const { replicas, state } = judgeReplication(partitions)
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
    `Partitions: ${partitions.length}, replication factor ${replicas}, ${state}`,
    `Distribution of records: ${formatBalance(balance)}`,
    formatTable(DESCRIBE, rows, columns),
    own.length > 0 ? 'Settings that differ from the default:' : 'No setting differs from the default.',
    ...own,
    '',
  ].join('\n')
}
