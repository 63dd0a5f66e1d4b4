import { type Application, createTick } from '../consumer/application.ts'
import type { Event } from '../consumer/event.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { CLOCK } from '../settings/clock.ts'
import { generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import type { ScheduledHandler } from './handler-types.ts'
import { KafkaClients } from './kafka-clients.ts'
import { createScheduledHandler } from './scheduled-handler.ts'
import { appendTicks } from './ticks.ts'

/**
 * Creates a schedule-triggered handler that appends a tick to every partition of one or more topics, so that the log's clock
 * advances even if no events arrive. It requires only Kafka.
 *
 * @param name name of the function
 * @param makeTick function that creates the tick of a partition for the time of a run; by default, an event of the tick type
 * without data
 * @param often topics whose timers must fire promptly. Between two scheduled runs, ticks are appended to these topics every
 * `CLOCK_SECONDS`.
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function clockHandler(
  application: Pick<Application, 'name' | 'kafkaTopic' | 'tickType'>,
  name: string,
  topics: TopicName | readonly TopicName[],
  makeTick: (partition: number, at: string) => Event = (partition, at) =>
    createTick(application, partition, at),
  often: readonly TopicName[] = [],
): ScheduledHandler {
  const { kafkaTopic } = application
  return createScheduledHandler(
    name,
    KafkaClients,
    [generalSettings(application.name), KAFKA, CLOCK],
    run => appendTicks({ topics: [topics].flat(), often, kafkaTopic, makeTick }, run),
    application.name,
  )
}
