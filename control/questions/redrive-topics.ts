import { SIGNALS, topicRow } from '../../lib/app/naming/topic-table.ts'
import { findTopicBounds } from '../../lib/log/topic-bounds.ts'
import type { RedriveTopic, RedriveTopics } from '../queries/dead-letters/redrive-decision.ts'
import type { Environment } from './environment.ts'

/**
 * Reads the topics to which dead letters can be redriven: all of the topic table that exist, except the dlq topic.
 *
 * @throws Unavailable if Kafka does not answer
 */
export async function readRedriveTopics(environment: Environment): Promise<RedriveTopics> {
  const readers = environment.consumers
  const offsets = await environment.offsets()
  const found = await Promise.all(
    SIGNALS.filter(signal => signal !== 'dlq').map(async signal => {
      const name = environment.topic(signal)
      const bounds = await findTopicBounds(offsets, name)
      if (!bounds) return []
      const own = readers.filter(({ topic }) => topic === name)
      const topic: RedriveTopic = {
        isForInputs: signal === 'input-redrives',
        bounds,
        consumers: new Set(own.map(reader => reader.function)),
        maxMessageBytes: topicRow(signal).maxMessageBytes,
      }
      return [[name, topic] as const]
    }),
  )
  return new Map(found.flat())
}
