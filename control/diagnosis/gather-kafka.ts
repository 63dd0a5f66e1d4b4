/** Gathers facts about Kafka. Rejected requests and unknown topics are reported as facts. */
import type { BatchHead, Setting } from '@sluice/kafka-records/requests'
import {
  brokerSettings,
  type ClusterInspection,
  type Kafka,
  type KnownBounds,
  type NewestBatches,
  newestBatches,
  type TopicLayout,
  toLayout,
} from '#runtime/operating/kafka'
import { awaitKafkaAnswer } from '../../lib/log/kafka-answers.ts'
import type {
  BatchFacts,
  ClusterFacts,
  FoundTopic,
  PartitionBatches,
  ReadTopicFacts,
  Settings,
  TopicFacts,
} from './facts.ts'
import type { Observed } from './finding.ts'
import { observe } from './observe.ts'

type Inspection = Pick<ClusterInspection, 'metadata' | 'bounds' | 'topicSettings'>

/**
 * Returns the facts about the Kafka cluster.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function gatherClusterFacts(kafka: Kafka, inspection: Inspection): Promise<ClusterFacts> {
  const { brokers } = await awaitKafkaAnswer('cluster', inspection.metadata([]))
  const ids = brokers.map(({ id }) => id)
  const answers = await observe(() => awaitKafkaAnswer('settings of the brokers', brokerSettings(kafka, ids)))
  const getBrokerSettings = async (id: number): Promise<Observed<Settings>> => {
    if ('unseen' in answers) return answers
    const answer = answers.seen.find(({ broker }) => broker === id)
    if (answer && 'answer' in answer) return { seen: toSettings(answer.answer) }
    const refused = Promise.reject(answer?.error ?? new Error('no answer'))
    return observe(() => awaitKafkaAnswer(`settings of broker ${id}`, refused))
  }
  const described = brokers.map(async ({ id, host, port, rack }) => ({
    id,
    address: `${host}:${port}`,
    rack,
    settings: await getBrokerSettings(id),
  }))
  return { brokers: await Promise.all(described) }
}

/** Kafka error code for an unknown topic or partition. */
const UNKNOWN_TOPIC = 3

/** Returns the facts about topics. Never throws: if a request is rejected, its fact is `unseen`. */
export async function gatherTopicFacts(
  kafka: Kafka,
  inspection: Inspection,
  wanted: readonly TopicFacts['wanted'][],
): Promise<TopicFacts[]> {
  const layouts = await gatherLayouts(
    inspection,
    wanted.map(({ name }) => name),
  )
  const there = layouts.flatMap(({ found }) => ('seen' in found && found.seen ? [found.seen] : []))
  const newest = await observeNewestBatches(kafka, inspection, there)
  const facts: TopicFacts[] = []
  for (const [index, one] of wanted.entries()) {
    const { found } = layouts[index] as LayoutFacts
    const topic = { topic: one.name, wanted: one }
    if ('unseen' in found || found.seen === undefined)
      facts.push({ ...topic, found: found as Observed<undefined> })
    else facts.push({ ...topic, found: { seen: await gatherFoundTopic(inspection, found.seen, newest) } })
  }
  return facts
}

interface LayoutFacts extends ReadTopicFacts {
  readonly found: Observed<TopicLayout | undefined>
}

/** Returns the partitions of topics, in the order of the names. Never throws: if a request is rejected, its fact is `unseen`. */
export async function gatherLayouts(
  inspection: Pick<Inspection, 'metadata'>,
  names: readonly string[],
): Promise<LayoutFacts[]> {
  const metadata = await observe(() => awaitKafkaAnswer('topics', inspection.metadata(names)))
  return names.map(topic => {
    if ('unseen' in metadata) return { topic, found: metadata }
    const found = metadata.seen.topics.find(known => known.topic === topic)
    if (found && found.partitions.length > 0) return { topic, found: { seen: toLayout(found) } }
    const { errorCode = UNKNOWN_TOPIC } = found ?? {}
    if (errorCode === UNKNOWN_TOPIC) return { topic, found: { seen: undefined } }
    return { topic, found: { unseen: `Kafka refuses to describe the topic (error ${errorCode})` } }
  })
}

async function gatherFoundTopic(
  inspection: Inspection,
  layout: TopicLayout,
  newest: Observed<NewestBatches>,
): Promise<FoundTopic> {
  const { topic, partitions } = layout
  const settings = await observe(async () =>
    toSettings(await awaitKafkaAnswer(`settings of ${topic}`, inspection.topicSettings(topic))),
  )
  return {
    partitions,
    settings,
    newest: 'unseen' in newest ? newest : { seen: toPartitionBatches(layout, newest.seen) },
  }
}

async function observeNewestBatches(
  kafka: Kafka,
  inspection: Inspection,
  topics: readonly TopicLayout[],
): Promise<Observed<NewestBatches>> {
  return observe(async () => {
    const bounds: KnownBounds = await awaitKafkaAnswer(
      'offsets of topics',
      inspection.bounds(topics, 'high-watermark'),
    )
    return awaitKafkaAnswer('newest records', newestBatches(kafka, topics, bounds))
  })
}

function toPartitionBatches({ topic, partitions }: TopicLayout, newest: NewestBatches): PartitionBatches[] {
  return partitions.flatMap(({ partition }) => {
    const heads = newest.get(topic)?.get(partition)
    return heads ? [{ partition, batches: heads.map(toBatchFacts) }] : []
  })
}

function toBatchFacts(head: BatchHead): BatchFacts {
  return {
    isCompressed: head.codec !== 0,
    records: head.recordCount,
    bytes: head.bytes,
    isIdempotent: head.producerId >= 0,
    timestampMs: head.maxTimestampMs,
  }
}

function toSettings(settings: readonly Setting[]): Settings {
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]))
}
