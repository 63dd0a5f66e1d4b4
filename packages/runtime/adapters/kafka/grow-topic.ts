import type { Kafka } from 'kafkajs'
import { askAdmin, PATIENCE_WITH_NEW_TOPIC } from './ask-leaders.ts'
import { leaderMissing } from './availability.ts'

/**
 * Adds partitions to a topic until it has this many, and waits until the leader of each answers. Kafka cannot remove them again.
 *
 * @returns the number that the topic had before
 * @throws Error if it has more already; what the library throws if Kafka refuses or does not answer
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

export async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  return askAdmin(kafka, async admin => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  })
}

/** A broker may not have heard of the new partitions yet. */
async function untilLed(offsets: Promise<readonly unknown[]>, partitions: number): Promise<void> {
  const led = (await offsets).length
  if (led < partitions)
    throw leaderMissing(`${partitions - led} of the new partitions have no leader that answers yet`)
}
