/**
 * Queries Kafka about a consumer's log. Errors are returned as values, so that states can be shown even if Kafka does not answer.
 */

import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { type Bounds, TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import { readTopicBounds } from '../../lib/queries/kafka/topics.ts'
import { awaitAnswer } from './server-errors.ts'

/** First and last offsets by partition, or the reason why they are unknown. */
export type LogBounds = readonly Bounds[] | 'no-topic' | 'away'

/** Returns the bounds of a topic's partitions. @param onError called with the error if the result is `away` */
export async function readLogBounds(
  connections: Pick<Connections, 'kafka'>,
  topic: string,
  onError: (error: unknown) => void = () => {},
): Promise<LogBounds> {
  let offsets: TopicOffsets | undefined
  try {
    offsets = new TopicOffsets(await connections.kafka())
    return await awaitAnswer(readTopicBounds(offsets, topic))
  } catch (error) {
    if (isUnknownTopic(error)) return 'no-topic'
    onError(error)
    return 'away'
  } finally {
    await offsets?.close().catch(() => {})
  }
}
