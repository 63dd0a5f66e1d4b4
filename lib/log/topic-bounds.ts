/** Reads which topics exist, and the bounds of their partitions. */

import type { Bounds, TopicOffsets } from '#runtime/operating/kafka'
import { isUnknownTopic } from '#runtime/operating/servers'
import { awaitKafkaAnswer } from './kafka-answers.ts'

/** Current bounds of a topic's partitions, and the first offsets at or after a time. */
export interface TopicReach {
  readonly bounds: readonly Bounds[]
  /** First offset at or after the time, by partition; empty if no time was given. */
  readonly atTime: readonly number[]
}

interface BoundsSource {
  bounds(topic: string): Promise<readonly Bounds[]>
}

/**
 * Returns the first offset of each partition, and the offset after its last record.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export function readTopicBounds(offsets: BoundsSource, topic: string): Promise<readonly Bounds[]> {
  return awaitKafkaAnswer(`topic ${topic}`, offsets.bounds(topic))
}

/**
 * Returns the bounds of a topic; undefined if the topic does not exist.
 *
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function findTopicBounds(
  offsets: BoundsSource,
  topic: string,
): Promise<readonly Bounds[] | undefined> {
  return readTopicBounds(offsets, topic).catch(ignoreUnknownTopic)
}

/**
 * Returns the bounds of a topic and, if a time is given, the first offsets at or after that time.
 *
 * @param timeMs time in milliseconds since the epoch
 * @throws RefusedByKafka or Unavailable, see `awaitKafkaAnswer`
 */
export async function readTopicReach(
  offsets: Pick<TopicOffsets, 'bounds' | 'at'>,
  topic: string,
  timeMs?: number,
): Promise<TopicReach> {
  const [bounds, atTime] = await Promise.all([
    readTopicBounds(offsets, topic),
    timeMs === undefined ? [] : awaitKafkaAnswer(`topic ${topic}`, offsets.at(topic, timeMs)),
  ])
  return { bounds, atTime }
}

/** Returns the reach of a topic like `readTopicReach`; undefined if the topic does not exist. @throws RefusedByKafka or Unavailable */
export function findTopicReach(...asked: Parameters<typeof readTopicReach>): Promise<TopicReach | undefined> {
  return readTopicReach(...asked).catch(ignoreUnknownTopic)
}

function ignoreUnknownTopic(error: unknown): undefined {
  if (!isUnknownTopic(error)) throw error
}
