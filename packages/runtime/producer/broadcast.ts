import type { TopicPublisher } from '../adapters/kafka/producer-ports.ts'
import { writeEvent } from '../cloudevents/writer.ts'
import type { Event } from '../consumer/event.ts'
import type { GeneralSettings } from '../settings/general.ts'

/**
 * Appends an event to partitions of a topic.
 *
 * @param eventOf returns the event of a partition
 * @param partitions partitions that receive the event, or their number
 * @returns the offset of each event
 */
export async function broadcast(
  publisher: TopicPublisher,
  topic: string,
  { contentMode }: Pick<GeneralSettings, 'contentMode'>,
  eventOf: (partition: number) => Event,
  partitions: readonly number[] | number,
): Promise<readonly number[]> {
  const to = typeof partitions === 'number' ? Array(partitions).keys() : partitions
  return publisher.publish(
    Array.from(to, partition => ({
      topic,
      partition,
      key: null,
      ...writeEvent(eventOf(partition), contentMode),
    })),
  )
}
