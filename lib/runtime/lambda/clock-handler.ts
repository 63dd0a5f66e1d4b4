import type { OutgoingRecord } from '../cloudevents/record.ts'
import { writeEvent } from '../cloudevents/writer.ts'
import type { Application } from '../consumer/application.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { Event } from '../consumer/event.ts'
import { tickOf } from '../consumer/tick.ts'
import { GENERAL } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import type { ScheduledHandler } from './handler-types.ts'
import { KafkaConnections } from './kafka-connections.ts'
import { scheduled } from './scheduled.ts'

/**
 * A schedule-triggered handler that appends a tick to every partition of a topic, or of several, so that the log's clock advances
 * even where no events arrive. It needs Kafka alone.
 *
 * @param name of the function
 * @param makeTick the tick of a partition for the time of a run; by default an event of the tick type without data
 * @throws the handler rejects with a `ConfigError` that names every setting that is missing or wrong
 */
export function clockHandler(
  application: Pick<Application, 'kafkaTopic' | 'tickType'>,
  name: string,
  topics: TopicName | readonly TopicName[],
  makeTick: (partition: number, at: string) => Event = (partition, at) => tickOf(application, partition, at),
): ScheduledHandler {
  return scheduled(
    name,
    KafkaConnections,
    [GENERAL, KAFKA],
    async ({ config, connections, scheduledFor }) => {
      const publisher = await connections.publisher()
      const ticks: OutgoingRecord[] = []
      for (const name of [topics].flat()) {
        const topic = application.kafkaTopic(name, config.env)
        // Looked up at each run, because partitions may have been added.
        const partitions = await publisher.partitionsOf(topic)
        for (let partition = 0; partition < partitions; partition += 1) {
          const written = writeEvent(makeTick(partition, scheduledFor), config.contentMode)
          ticks.push({ topic, partition, key: null, ...written })
        }
      }
      await publisher.publish(ticks)
      return { ticks: ticks.length }
    },
  )
}
