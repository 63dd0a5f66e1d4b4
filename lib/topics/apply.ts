/** Applies a plan of topics. First creates topics, and then changes settings and adds partitions. */

import {
  alterSettings,
  createTopic,
  growTopic,
  isTopicNotCreated,
  type Kafka,
  type NewTopic,
  type TopicDifference,
} from '#runtime/operating/kafka'
import { OperationFailure } from '../support/operation-failure.ts'
import { findCreation, type PlannedTopics } from './cluster-plan.ts'

/** Progress of applying a plan. */
export interface Applying {
  readonly created: string[]
  readonly changed: TopicDifference[]
}

/**
 * Applies the plan.
 *
 * @param applying progress that is updated, so that completed changes are known after a failure
 * @param stop signal after which no change to a further topic is started
 * @throws OperationFailure if a topic cannot be created
 * @throws errors of Kafka if it rejects a setting
 * @throws the reason of `stop` if it is aborted
 */
export async function applyTopics(
  kafka: Kafka,
  planned: PlannedTopics,
  applying: Applying,
  stop?: AbortSignal,
): Promise<void> {
  const { plan } = planned
  for (const { topic } of plan.creations) {
    stop?.throwIfAborted()
    await explainFailedCreation(topic, () => createTopic(kafka, findCreation(planned, topic) as NewTopic))
    applying.created.push(topic)
  }
  for (const topic of new Set(plan.changes.map(change => change.topic))) {
    stop?.throwIfAborted()
    const changes = plan.changes.filter(change => change.topic === topic)
    const [grown] = changes.filter(({ setting }) => setting === 'partitions')
    if (grown) await growTopic(kafka, topic, Number(grown.wanted))
    const others = changes.filter(change => change !== grown)
    if (others.length > 0)
      await alterSettings(
        kafka,
        topic,
        Object.fromEntries(others.map(({ setting, wanted }) => [setting, wanted])),
      )
    applying.changed.push(...changes)
  }
}

/** Creates a topic, and says which one if this fails. @throws OperationFailure if the topic is not created */
export async function explainFailedCreation(topic: string, create: () => Promise<void>): Promise<void> {
  await create().catch(error => {
    if (!isTopicNotCreated(error)) throw error
    throw new OperationFailure(`Failed to create ${topic}: ${error.message}`, { cause: error })
  })
}
