import type { Bounds, TopicPartition } from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { textFilter } from '../../lib/support/text-match.ts'
import { isLeaderless, isUnderReplicated, readBounds, toClusterTopics } from '../queries/kafka/cluster.ts'
import { computeTopicSizes } from '../queries/kafka/topic-sizes.ts'
import { column, count, type Tone } from './column.ts'
import { flagField, textField } from './field.ts'
import { question } from './question.ts'

export const TOPICS = question({
  title: 'Topics',
  about: `List the topics of the cluster: partitions, replicas, records, size, and whether all replicas are in sync.

The signal is the name of an environment's topic in the topic table.`,
  more: `
Examples:
  sluice topics list
  sluice topics list --find readings --json`,
  ofCluster: true,
  filter: {
    find: textField('part of the name of a topic', 'readings'),
    internal: flagField("with Kafka's internal topics"),
  },
  async read(environment, { find = '', internal = false }, { most }) {
    const cluster = await environment.cluster()
    const fits = textFilter(find)
    const metadata = await awaitKafkaAnswer('list of topics', cluster.metadata())
    const matching = toClusterTopics(metadata).filter(
      ({ topic, isInternal }) => fits(topic) && (internal || !isInternal),
    )
    const shown = matching.slice(0, most)
    const bounds = await readBounds(cluster, shown)
    const ids = metadata.brokers.map(({ id }) => id)
    const sizes = computeTopicSizes(shown, await awaitKafkaAnswer('sizes of topics', cluster.logDirs(ids)))
    const rows = shown.map(({ topic, isInternal, partitions }) => ({
      topic,
      signal: environment.findSignal(topic) ?? null,
      isInternal,
      partitions: partitions.length,
      ...judgeReplication(partitions),
      records: countRecords(bounds.get(topic) ?? []),
      bytes: sizes.get(topic)?.bytes ?? null,
    }))
    return { rows, more: matching.length - shown.length }
  },
}).shownAs({
  key: 'topic',
  columns: [
    column('topic', { link: 'topic', terminal: { least: 20 } }),
    column('signal', { terminal: { leaveOut: 2 } }),
    count('partitions'),
    count('replicas', { terminal: { leaveOut: 3 } }),
    column('state', { tone: 'tone' }),
    count('records', { none: 'not known', terminal: { leaveOut: 4 } }),
    column('bytes', { heading: 'Size', type: 'bytes', none: 'not known', terminal: { leaveOut: 1 } }),
  ],
  empty: 'There are no topics. Run `npm start` or `sluice topics apply` to create those of an environment.',
})

/** State of the replicas of a topic. */
interface Replication {
  /** Largest number of replicas of a partition. */
  readonly replicas: number
  readonly leaderless: number
  /** Number of partitions that have a leader, and a replica that is not in sync. */
  readonly underReplicated: number
  readonly state: string
  readonly tone: Tone
}

/** Returns the state of a topic's replicas. Without a leader, a partition can be neither read nor written. Pure. */
export function judgeReplication(
  partitions: readonly Pick<TopicPartition, 'leader' | 'replicas' | 'inSync'>[],
): Replication {
  const leaderless = partitions.filter(isLeaderless).length
  const underReplicated = partitions.filter(
    partition => !isLeaderless(partition) && isUnderReplicated(partition),
  ).length
  const judged: Pick<Replication, 'state' | 'tone'> =
    leaderless > 0
      ? { state: `${leaderless} without leader`, tone: 'bad' }
      : underReplicated > 0
        ? { state: `${underReplicated} behind`, tone: 'warn' }
        : { state: 'all in sync', tone: 'good' }
  const replicas = Math.max(0, ...partitions.map(({ replicas }) => replicas.length))
  return { replicas, leaderless, underReplicated, ...judged }
}

/** Returns the number of records, null if it is unknown for any partition. Pure. */
export function countRecords(bounds: readonly (Bounds | undefined)[]): number | null {
  let records = 0
  for (const bound of bounds) {
    if (!bound) return null
    records += Math.max(0, bound.end - bound.start)
  }
  return records
}
