/** Does what a plan says: creates topics, then changes settings and adds partitions. */
import type { Kafka } from '../../lib/runtime/adapters/kafka/client.ts'
import {
  addPartitions,
  alterSettings,
  createTopic,
  TopicNotCreated,
} from '../../lib/runtime/adapters/kafka/topic-admin.ts'
import { type TopicDifference, topicConfiguration } from '../../lib/runtime/adapters/kafka/topics.ts'
import { CliFailure } from '../failure.ts'
import type { TopicCreation } from './plan.ts'
import type { Planned } from './planning.ts'

/** What has been done so far. */
export interface Applying {
  readonly created: string[]
  readonly changed: TopicDifference[]
}

/**
 * @param applying grows while it works, so that what was done is known where it fails
 * @throws CliFailure if a topic cannot be created
 */
export async function applyPlan(kafka: Kafka, { plan, table }: Planned, applying: Applying): Promise<void> {
  for (const creation of plan.creations) {
    await created(kafka, creation, table)
    applying.created.push(creation.topic)
  }
  for (const topic of new Set(plan.changes.map(change => change.topic))) {
    const changes = plan.changes.filter(change => change.topic === topic)
    const [grown] = changes.filter(({ setting }) => setting === 'partitions')
    if (grown) await addPartitions(kafka, topic, Number(grown.wanted))
    const settings = changes.filter(change => change !== grown)
    if (settings.length > 0)
      await alterSettings(
        kafka,
        topic,
        Object.fromEntries(settings.map(({ setting, wanted }) => [setting, wanted])),
      )
    applying.changed.push(...changes)
  }
}

async function created(kafka: Kafka, creation: TopicCreation, table: Planned['table']): Promise<void> {
  const { topic, partitions, replicationFactor } = creation
  const definition = table.topics.find(({ name }) => name === topic)
  const entries = definition ? topicConfiguration(definition, table.replication) : []
  const settings = Object.fromEntries(entries.map(({ name, value }) => [name, value]))
  try {
    await createTopic(kafka, { topic, partitions, replicationFactor, settings })
  } catch (error) {
    if (!(error instanceof TopicNotCreated)) throw error
    throw new CliFailure(`Failed to create ${topic}: ${error.message}`, 1, { cause: error })
  }
}
