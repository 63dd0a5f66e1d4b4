import type { TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'

/** What a function reads, and as which group. */
export interface ReadTopic {
  readonly function: string
  readonly topic: string
  readonly group: string
  /** For this long a batch may wait to be filled. */
  readonly windowMs: number
}

/** How far a consumer is. */
export interface ConsumerLag extends ReadTopic {
  /** Records that it has not got through yet. */
  readonly pending: number
  /** By partition: the offset that it takes next. */
  readonly next: readonly number[]
}

/**
 * How far consumers are behind the present ends of what they read, by the offsets that their groups have committed. A topic
 * that does not exist has nothing pending.
 */
export async function consumerLags(
  offsets: Pick<TopicOffsets, 'bounds' | 'committed'>,
  consumers: readonly ReadTopic[],
): Promise<ConsumerLag[]> {
  const topics = [...new Set(consumers.map(({ topic }) => topic))]
  const ends = new Map(
    await Promise.all(topics.map(async topic => [topic, await boundsOf(offsets, topic)] as const)),
  )
  return Promise.all(
    consumers.map(async consumer => {
      const bounds = ends.get(consumer.topic) ?? []
      const committed = await offsets.committed(consumer.group, consumer.topic)
      const next = bounds.map(({ start }, partition) => Math.max(start, committed[partition] ?? start))
      return {
        ...consumer,
        next,
        pending: behind(
          next,
          bounds.map(({ end }) => end),
        ),
      }
    }),
  )
}

/** How many records before these ends are still to be taken; what came later is not asked about. */
export function behind(next: readonly number[], ends: readonly number[]): number {
  return ends.reduce((sum, end, partition) => sum + Math.max(0, end - (next[partition] ?? 0)), 0)
}

async function boundsOf(offsets: Pick<TopicOffsets, 'bounds'>, topic: string) {
  try {
    return await offsets.bounds(topic)
  } catch (error) {
    if ((error as { type?: unknown }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return []
    throw error
  }
}
