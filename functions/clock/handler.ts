/** Appends a tick to every partition of readings, so that the log's clock advances even where no readings arrive. */

import { KafkaConnections } from '../../lib/app/kafka-connections.ts'
import { scheduled } from '../../lib/app/scheduled.ts'
import { GENERAL, KAFKA } from '../../lib/app/settings/index.ts'
import { topicName } from '../../lib/app/topics.ts'
import { writeEvent } from '../../lib/runtime/cloudevents/writer.ts'
import { tick } from '../../lib/telemetry/tick.ts'

export const handler = scheduled(
  'clock',
  KafkaConnections,
  [GENERAL, KAFKA],
  async ({ config, connections, scheduledFor }) => {
    const topic = topicName('readings', config.env)
    const publisher = await connections.publisher()
    // Looked up at each run, because partitions may have been added.
    const partitions = await publisher.partitionsOf(topic)
    const ticks = Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      key: null,
      ...writeEvent(tick(partition, scheduledFor), config.contentMode),
    }))
    await publisher.publish(ticks)
    return { ticks: partitions }
  },
)
