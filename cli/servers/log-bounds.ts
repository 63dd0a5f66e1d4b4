/**
 * Queries Kafka about a consumer's log. Errors are returned as values, so that states can be shown even if Kafka does not answer.
 */

import { isUnknownTopic } from '#runtime/adapters/kafka/errors.ts'
import { type Bounds, TopicOffsets } from '#runtime/adapters/kafka/topic-offsets.ts'
import type { Connections } from '#runtime/lambda/connections.ts'
import type { Config } from '../../lib/app/config.ts'
import { readTopicBounds } from '../../lib/queries/kafka/topics.ts'
import { CliFailure } from '../failure.ts'
import { awaitAnswer, serverFailure } from './server-errors.ts'

/** First and last offsets by partition, or the reason why they are unknown. */
export type LogBounds = readonly Bounds[] | 'no-topic' | CliFailure

/** Returns the bounds of a topic's partitions. */
export async function readLogBounds(
  connections: Pick<Connections, 'kafka'>,
  config: Config,
  topic: string,
): Promise<LogBounds> {
  let offsets: TopicOffsets | undefined
  try {
    offsets = new TopicOffsets(await connections.kafka())
    return await awaitAnswer(readTopicBounds(offsets, topic))
  } catch (error) {
    if (isUnknownTopic(error)) return 'no-topic'
    return new CliFailure((serverFailure(error, config) as Error).message)
  } finally {
    await offsets?.close().catch(() => {})
  }
}
