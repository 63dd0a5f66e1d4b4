/** Compares the topics of a cluster with the table, for `topics plan` and `topics apply`. */
import { readFunctions } from '../../infra/functions.ts'
import { kafkaTopics, replicationOn, SIGNALS, type Signal, topicName } from '../../lib/app/topics.ts'
import { recordCounts } from '../../lib/queries/topic-descriptions.ts'
import { topicsByTable } from '../../lib/queries/topics.ts'
import { brokerCount } from '../../lib/runtime/adapters/kafka/topic-admin.ts'
import type { TopicsOptions } from '../../lib/runtime/adapters/kafka/topics.ts'
import type { KafkaCommand } from '../kafka.ts'
import { planOf, type TopicFacts, type TopicPlan } from './plan.ts'
import { replicationOf } from './text.ts'

export interface Planned {
  readonly plan: TopicPlan
  readonly table: Pick<TopicsOptions, 'topics' | 'replication'>
}

export async function planned(command: KafkaCommand): Promise<Planned> {
  const { kafka, config } = command
  const replication = replicationOn(await brokerCount(kafka))
  const table = { topics: kafkaTopics(config.env), replication }
  const comparison = await topicsByTable(kafka, table)
  const wanted = table.topics.map(({ name, partitions }) => {
    return { topic: name, partitions, replicationFactor: replication.factor }
  })
  return { plan: planOf(comparison, wanted, await factsOf(command)), table }
}

async function factsOf({ offsets, config, topics }: KafkaCommand): Promise<Map<string, TopicFacts>> {
  const facts = new Map<string, TopicFacts>()
  for (const signal of SIGNALS) {
    const topic = topicName(signal, config.env)
    const found = topics.find(one => one.topic === topic)
    if (!found) continue
    const records = (await recordCounts(offsets, topic)).reduce((sum, count) => sum + count, 0)
    const { replicationFactor } = replicationOf(found.partitions)
    facts.set(topic, { signal, records, replicationFactor, readers: readersOf(signal) })
  }
  return facts
}

function readersOf(signal: Signal): string[] {
  return readFunctions()
    .filter(({ consumes, forwards }) => [...consumes, ...forwards].includes(signal))
    .map(({ name }) => name)
}
