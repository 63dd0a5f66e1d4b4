/** One topic: its partitions, its readers and its settings. */
import type { ClusterInspection, TopicPartition } from '#runtime/operating/kafka'
import { RefusedByKafka } from '#runtime/operating/servers'
import { type Signal, topicRow } from '../../lib/app/naming/topic-table.ts'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import { formatBalance, judgeBalance } from '../../lib/support/balance.ts'
import { computeSum } from '../../lib/support/count.ts'
import { durationText } from '../../lib/support/duration.ts'
import { formatSize } from '../../lib/support/size-text.ts'
import { isLeaderless, isUnderReplicated, readBounds } from '../queries/kafka/cluster.ts'
import { listGroupsReading } from '../queries/kafka/consumer-groups.ts'
import { readTopicSize } from '../queries/kafka/topic-sizes.ts'
import { column, count, type Tone } from './column.ts'
import { nameField } from './field.ts'
import { explainUnknown, GROUP_COLUMNS, summarizeGroup } from './groups.ts'
import { describeTransactions, requireClusterTopic } from './kafka.ts'
import { question } from './question.ts'
import { countRecords, judgeReplication } from './topics.ts'

const SETTING_COLUMNS = [
  column('name', { terminal: { least: 20 } }),
  column('value', { none: 'hidden or not set', terminal: { least: 20 } }),
  column('means'),
] as const

export const TOPIC = question({
  title: 'Topic',
  about: `Show a topic: for each partition its leader, its replicas, the replicas in sync, the number of its records and their
share, and the settings that differ from the defaults of the brokers. The skew is the fullest partition's number,
divided by the average: below 1.5 the distribution is even, below 2 uneven, else skewed.`,
  more: `
An excess that chance explains (three standard deviations) is even.

Examples:
  sluice topics describe readings
  sluice topics describe orders --json`,
  ofCluster: true,
  filter: { topic: nameField('signal, or full name of a topic') },
  async read(environment, { topic: named }) {
    const { config } = environment
    const cluster = await environment.cluster()
    const name = config.names.resolveTopic(named, config.env)
    const topic = await requireClusterTopic(environment, cluster, name)
    const boundsByTopic = await readBounds(cluster, [topic])
    const bounds = boundsByTopic.get(name) ?? []
    const size = await readTopicSize(cluster, topic)
    const { settings, defaults } = await readSettings(cluster, name)
    const counts = topic.partitions.map(({ partition }) => countRecords([bounds[partition]]))
    const { shares, ...balance } = judgeBalance(counts)
    const partitions = topic.partitions.map(({ partition, leader, replicas, inSync }, index) => ({
      topic: name,
      partition,
      ...judgePartition({ leader, replicas, inSync }),
      replicas,
      inSync,
      ...(bounds[partition] ?? { start: null, end: null }),
      records: counts[index] ?? null,
      share: shares[index] ?? null,
      bytes: size.partitions[partition] ?? null,
    }))
    const reading = await listGroupsReading(await environment.kafka(), boundsByTopic, name)
    const row = {
      topic: name,
      ...describeDeclaration(environment.findSignal(name)),
      ...judgeReplication(topic.partitions),
      records: computeSum(counts.filter(count => count !== null)),
      isAtLeast: counts.includes(null),
      distribution: formatBalance(balance),
      ...balance,
      bytes: size.bytes,
      bytesOfCopies: size.bytesOfCopies,
      partitions,
      groups: reading.map(lag => summarizeGroup(environment, lag)),
      settings,
      defaults,
    }
    const transactions = await describeTransactions(cluster, [name])
    const notes = settings ? [] : ['Kafka does not permit this client to describe the settings of the topic.']
    return { rows: [row], notes: [...transactions, ...notes, ...explainUnknown(row.groups)] }
  },
}).shownAs({
  key: 'topic',
  columns: [
    column('signal'),
    column('carries'),
    column('recordKey', { heading: 'Key of records' }),
    count('replicas'),
    column('state', { tone: 'tone' }),
    count('records', { atLeast: 'isAtLeast' }),
    column('distribution'),
    column('bytes', { heading: 'Size', type: 'bytes', none: 'not known' }),
    column('bytesOfCopies', { heading: 'With copies', type: 'bytes' }),
  ],
  sections: [
    {
      of: 'partitions',
      title: 'Partitions',
      key: 'partition',
      columns: [
        count('partition', { link: 'messages', linkBy: ['topic', 'partition'] }),
        column('leader', { tone: 'tone', none: 'none' }),
        column('replicas', { type: 'list' }),
        column('inSync', { type: 'list', tone: 'syncTone' }),
        count('start', { heading: 'First offset', none: 'not known', terminal: { leaveOut: 2 } }),
        count('end', { none: 'not known', terminal: { leaveOut: 3 } }),
        count('records', { none: 'not known' }),
        column('share', { type: 'share', none: 'not known' }),
        column('bytes', { heading: 'Size', type: 'bytes', none: 'not known', terminal: { leaveOut: 1 } }),
      ],
      empty: 'Kafka reports no partitions of the topic.',
    },
    {
      of: 'groups',
      title: 'Readers',
      key: 'group',
      columns: GROUP_COLUMNS,
      empty: 'No consumer groups read this topic.',
    },
    {
      of: 'settings',
      title: 'Settings',
      key: 'name',
      columns: SETTING_COLUMNS,
      empty: 'All settings are defaults of the brokers.',
    },
    {
      of: 'defaults',
      title: 'Defaults',
      key: 'name',
      columns: SETTING_COLUMNS,
      empty: 'All settings are those of the topic.',
      only: 'page',
    },
  ],
  empty: '',
})

/** Returns what the topic table says of a topic. All is null for a topic of another application. */
function describeDeclaration(signal: Signal | undefined) {
  if (!signal) return { signal: null, carries: null, recordKey: null }
  const { carries, key } = topicRow(signal)
  return { signal, carries, recordKey: key }
}

/** Returns the leader of a partition, null without one, and the tones of leader and replicas. Pure. */
function judgePartition(partition: Pick<TopicPartition, 'leader' | 'replicas' | 'inSync'>) {
  const isLost = isLeaderless(partition)
  return {
    leader: isLost ? null : partition.leader,
    tone: (isLost ? 'bad' : 'plain') satisfies Tone,
    syncTone: (isUnderReplicated(partition) ? 'warn' : 'good') satisfies Tone,
  }
}

interface Setting {
  readonly name: string
  /** Null if Kafka hides the value, or the setting has none. */
  readonly value: string | null
  /** Value in other words, such as `7 d`; null if it needs none. */
  readonly means: string | null
}

type Settings = Readonly<Record<'settings' | 'defaults', readonly Setting[] | null>>

/** Returns the settings of a topic itself, and those that are defaults of the brokers; null if Kafka does not permit to read them. */
async function readSettings(cluster: ClusterInspection, topic: string): Promise<Settings> {
  try {
    const all = await awaitKafkaAnswer(`settings of topic ${topic}`, cluster.topicSettings(topic))
    const list = (areOwn: boolean) =>
      all
        .filter(({ isOwn }) => isOwn === areOwn)
        .map(({ name, value }) => ({ name, value, means: value && explainSetting(name, value) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    return { settings: list(true), defaults: list(false) }
  } catch (error) {
    if (error instanceof RefusedByKafka) return { settings: null, defaults: null }
    throw error
  }
}

/** Returns the value of a setting in other words, such as `7 d`; null if it needs none. Pure. */
function explainSetting(name: string, value: string): string | null {
  const number = /^\d+$/.test(value) ? Number(value) : 0
  // Kafka uses the largest possible number to mean "no limit".
  if (number >= Number.MAX_SAFE_INTEGER) return 'no limit'
  if (name.endsWith('.ms') && number >= 1_000) return durationText(number)
  return name.endsWith('.bytes') && number >= 1_024 ? formatSize(number) : null
}
