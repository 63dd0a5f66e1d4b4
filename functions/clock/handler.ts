/** Appends a tick to every partition of readings, so that the log's clock goes on where no readings come. */
import { writeEvent } from '../../lib/cloudevents/writer.ts'
import { tick } from '../../lib/domain/telemetry/tick.ts'
import { topicName } from '../../lib/domain/topics.ts'
import { KafkaConnections } from '../../lib/kafka-connections.ts'
import { scheduled } from '../../lib/scheduled.ts'

export const handler = scheduled('clock', KafkaConnections, async ({ config, connections, scheduledFor }) => {
  const topic = topicName('readings', config.env)
  const publisher = await connections.publisher()
  // Asked for at each run: a topic may have grown since the last.
  const partitions = await publisher.partitionsOf(topic)
  const ticks = Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    key: null,
    ...writeEvent(tick(partition, scheduledFor), config.contentMode),
  }))
  await publisher.publish(ticks)
  return { ticks: partitions }
})
