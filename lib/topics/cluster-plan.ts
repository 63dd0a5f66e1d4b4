/** Compares the topics of a cluster with the topic table. */

import { replicationOn } from '@sluice/kafka-records/replication'
import {
  brokerCount,
  compareTopics,
  type Kafka,
  type NewTopic,
  type TopicLayout,
  type TopicOffsets,
} from '#runtime/operating/kafka'
import { type KafkaTopic, topicConfiguration } from '#runtime/operating/servers'
import type { Named } from '../app/naming/names.ts'
import { SIGNALS, type Signal } from '../app/naming/topic-table.ts'
import { awaitKafkaAnswer } from '../log/kafka-answers.ts'
import { getClusterKind, planTopics, type TopicFacts, type TopicPlan } from './plan.ts'
import { countRecords, listTopics } from './topic-descriptions.ts'

/** Environment of the topics, with facts that Kafka does not report. */
interface Planning extends Named {
  readonly kafka: Kafka
  readonly offsets: Pick<TopicOffsets, 'bounds'>
  /** Returns the names of the functions that read a topic. */
  listReaders(signal: Signal): readonly string[]
  /** ARN of the MSK cluster; absent for any other cluster. */
  readonly clusterArn?: string
  /** Topics beside those of the table. They are created if they are missing, and otherwise used as they are. */
  readonly others?: readonly KafkaTopic[]
}

export interface PlannedTopics {
  readonly plan: TopicPlan
  /** Settings with which each topic is created, by Kafka name of the topic. */
  readonly settings: ReadonlyMap<string, Readonly<Record<string, string>>>
}

/**
 * Compares the topics in Kafka with the topic table.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function planTopicChanges(planning: Planning): Promise<PlannedTopics> {
  const { kafka, env, names, clusterArn, others = [] } = planning
  const kind = getClusterKind(clusterArn)
  const replication = replicationOn(await brokerCount(kafka))
  const existing = await listTopics(kafka)
  const topics = [
    ...names.kafkaTopics(env),
    ...others.filter(({ name }) => existing.every(({ topic }) => topic !== name)),
  ]
  const comparison = await awaitKafkaAnswer('list of topics', compareTopics(kafka, { topics, replication }))
  const copies = kind.decides.includes('replication.factor') ? {} : { replicationFactor: replication.factor }
  const wanted = topics.map(({ name, partitions }) => ({ topic: name, partitions, ...copies }))
  const settings = topics.map(topic => {
    const entries = topicConfiguration(topic, replication).filter(({ name }) => !kind.decides.includes(name))
    return [topic.name, Object.fromEntries(entries.map(({ name, value }) => [name, value]))] as const
  })
  const facts = await gatherFacts(planning, existing)
  return { plan: planTopics(names, comparison, wanted, facts, kind), settings: new Map(settings) }
}

/** Returns a topic that a plan creates, with its settings; undefined if the plan does not create it. */
export function findCreation({ plan, settings }: PlannedTopics, topic: string): NewTopic | undefined {
  const creation = plan.creations.find(planned => planned.topic === topic)
  return creation && { ...creation, settings: settings.get(topic) ?? {} }
}

async function gatherFacts(
  { offsets, env, names, listReaders }: Planning,
  topics: readonly TopicLayout[],
): Promise<Map<string, TopicFacts>> {
  const facts = new Map<string, TopicFacts>()
  for (const signal of SIGNALS) {
    const topic = names.topicName(signal, env)
    const found = topics.find(layout => layout.topic === topic)
    if (!found) continue
    const records = (await countRecords(offsets, topic)).reduce((sum, count) => sum + count, 0)
    const replicationFactor = Math.max(0, ...found.partitions.map(({ replicas }) => replicas.length))
    facts.set(topic, { signal, records, replicationFactor, readers: listReaders(signal) })
  }
  return facts
}
