import type { Kafka } from 'kafkajs'
import { askAdmin, PATIENCE_WITH_NEW_TOPIC } from './ask-leaders.ts'
import { leaderMissing } from './availability.ts'

/**
 * Increases the number of partitions of a topic, and waits until the leader of each partition responds. Kafka cannot remove
 * partitions.
 *
 * @param partitions new total number of partitions
 * @returns previous number of partitions
 * @throws Error if the topic already has more partitions; errors of the library if Kafka refuses or does not respond
 */
export async function growTopic(kafka: Kafka, topic: string, partitions: number): Promise<number> {
  const before = await partitionCount(kafka, topic)
  if (before > partitions)
    throw new Error(`${topic} has ${before} partitions already, more than ${partitions}`)
  if (before < partitions)
    await askAdmin(kafka, async admin => {
      await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] })
    })
  await askAdmin(
    kafka,
    admin => untilLed(admin.fetchTopicOffsets(topic), partitions),
    PATIENCE_WITH_NEW_TOPIC,
  )
  return before
}

async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  return askAdmin(kafka, async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  })
}

/** Rejects with a retriable error while a broker does not know the new partitions yet. */
async function untilLed(offsets: Promise<readonly unknown[]>, partitions: number): Promise<void> {
  const led = (await offsets).length
  if (led < partitions)
    throw leaderMissing(`${partitions - led} of the new partitions have no available leader yet`)
}
