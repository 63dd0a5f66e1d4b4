import { setTimeout as sleep } from 'node:timers/promises'
import type { TopicPublisher } from '../adapters/kafka/produce-types.ts'
import type { OutgoingRecord } from '../cloudevents/record.ts'
import { writeEvent } from '../cloudevents/writer.ts'
import type { Application } from '../consumer/application.ts'
import { tickOf } from '../consumer/application.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { Event } from '../consumer/event.ts'
import { instant } from '../consumer/instant.ts'
import { CLOCK } from '../settings/clock.ts'
import { type GeneralSettings, generalSettings } from '../settings/general.ts'
import { KAFKA } from '../settings/kafka.ts'
import type { ScheduledHandler } from './handler-types.ts'
import { KafkaConnections } from './kafka-connections.ts'
import { furtherRounds } from './rounds.ts'
import { type Scheduled, scheduled } from './scheduled.ts'

/**
 * Creates a schedule-triggered handler that appends a tick to every partition of one or more topics, so that the log's clock
 * advances even if no events arrive. It requires only Kafka.
 *
 * @param name name of the function
 * @param makeTick function that creates the tick of a partition for the time of a run; by default, an event of the tick type
 * without data
 * @param often topics whose timers must fire promptly. Between two scheduled runs, ticks are appended to these topics every
 * `CLOCK_SECONDS`.
 * @param also further work of a run, after its ticks; its result is logged with them
 * @throws ConfigError when the handler is called, naming every missing or invalid setting
 */
export function clockHandler(
  application: Pick<Application, 'name' | 'kafkaTopic' | 'tickType'>,
  name: string,
  topics: TopicName | readonly TopicName[],
  makeTick: (partition: number, at: string) => Event = (partition, at) => tickOf(application, partition, at),
  often: readonly TopicName[] = [],
  also: (run: Scheduled<KafkaConnections, GeneralSettings>) => Promise<object> = async () => ({}),
): ScheduledHandler {
  return scheduled(
    name,
    KafkaConnections,
    [generalSettings(application.name), KAFKA, CLOCK],
    async run => {
      const { config, connections, scheduledFor, isScheduled, remainingMs } = run
      const publisher = await connections.publisher()
      const append = async (to: readonly TopicName[], at: string) => {
        const names = to.map(one => application.kafkaTopic(one, config.env))
        const makeRecord = (partition: number) => writeEvent(makeTick(partition, at), config.contentMode)
        return appendTicks(publisher, names, makeRecord)
      }
      let ticks = await append([topics].flat(), scheduledFor)
      if (!isScheduled || often.length === 0) return { ticks, ...(await also(run)) }
      const clock = { now: () => performance.now(), sleep: (ms: number) => sleep(ms), remainingMs }
      for await (const passedMs of furtherRounds(config.tickEveryMs, clock))
        ticks += await append(often, instant(Date.parse(scheduledFor) + passedMs))
      return { ticks, ...(await also(run)) }
    },
    application.name,
  )
}

/** Appends a tick to each partition. Returns the number of ticks. */
async function appendTicks(
  publisher: TopicPublisher,
  topics: readonly string[],
  makeRecord: (partition: number) => Pick<OutgoingRecord, 'value' | 'headers'>,
): Promise<number> {
  const ticks: OutgoingRecord[] = []
  for (const topic of topics) {
    // The number of partitions is looked up at each run, because partitions may have been added.
    const partitions = await publisher.partitionsOf(topic)
    for (let partition = 0; partition < partitions; partition += 1)
      ticks.push({ topic, partition, key: null, ...makeRecord(partition) })
  }
  await publisher.publish(ticks)
  return ticks.length
}
