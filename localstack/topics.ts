import { kafkaTopics } from '../lib/app/topics.ts'
import { replicationOn } from '../packages/runtime/adapters/kafka/replication.ts'
import {
  ensureTopics,
  type TopicDifference,
  type TopicsOutcome,
} from '../packages/runtime/adapters/kafka/topics.ts'
import { UserError } from '../programs/user-error.ts'

export interface LocalTopicsOptions {
  /** All brokers: their number determines the replication factor. */
  readonly brokers: readonly string[]
  /** The last part of every topic's name. */
  readonly env?: string
}

/**
 * Creates missing topics.
 *
 * @throws UserError naming every difference between existing topics and the topic table
 */
export async function createTopics({ brokers, env = 'local' }: LocalTopicsOptions): Promise<TopicsOutcome> {
  const outcome = await ensureTopics({
    brokers,
    topics: kafkaTopics(env),
    replication: replicationOn(brokers.length),
  })
  if (outcome.differences.length > 0) throw new UserError(describeDifferences(outcome.differences))
  return outcome
}

function describeDifferences(differences: readonly TopicDifference[]): string {
  const lines = differences.map(
    ({ topic, setting, wanted, found }) => `  ${topic}: ${setting} is ${found}, the table says ${wanted}`,
  )
  return (
    `Existing topics differ from lib/app/topics.ts:\n${lines.join('\n')}\n` +
    'Start with --fresh to recreate them (their records are lost), or change them by hand.'
  )
}
