import { ensureTopics, type TopicDifference, type TopicsOutcome } from '../lib/adapters/kafka/topics.ts'
import { replicationOn } from '../lib/domain/topics.ts'
import { LocalCloudError } from './failure.ts'

export interface LocalTopicsOptions {
  /** All of them: by their number the topics are replicated. */
  readonly brokers: readonly string[]
  /** The last part of every topic's name. */
  readonly env?: string
}

/**
 * Creates the topics that are missing; throws one error that names every difference where one exists otherwise than
 * the table of topics says.
 */
export async function createTopics({ brokers, env = 'local' }: LocalTopicsOptions): Promise<TopicsOutcome> {
  const outcome = await ensureTopics({ brokers, env, replication: replicationOn(brokers.length) })
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
