import { ensureTopics, type TopicDifference, type TopicsOutcome } from '../lib/adapters/kafka/topics.ts'
import { LocalCloudError } from './failure.ts'

export interface LocalTopicsOptions {
  readonly brokers: readonly string[]
  /** The last part of every topic's name. */
  readonly env?: string
  /** One node holds one copy. */
  readonly replicationFactor?: number
  readonly minInsyncReplicas?: number
}

/**
 * Creates the topics that are missing; throws one error that names every difference where one exists otherwise than
 * the table of topics says.
 */
export async function createTopics(options: LocalTopicsOptions): Promise<TopicsOutcome> {
  const outcome = await ensureTopics({ env: 'local', replicationFactor: 1, minInsyncReplicas: 1, ...options })
  if (outcome.differences.length > 0) throw new LocalCloudError(describeDifferences(outcome.differences))
  return outcome
}

function describeDifferences(differences: readonly TopicDifference[]): string {
  const lines = differences.map(
    ({ topic, setting, wanted, found }) => `  ${topic}: ${setting} is ${found}, the table says ${wanted}`,
  )
  return (
    `Topics exist otherwise than lib/domain/topics.ts says:\n${lines.join('\n')}\n` +
    'Start with --fresh to have them created anew (their records are lost), or put them right by hand.'
  )
}
