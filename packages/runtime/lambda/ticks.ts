/** Ticks of a clock: which topics get them, and when. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Application } from '../consumer/application.ts'
import type { TopicName } from '../consumer/declared.ts'
import type { Event } from '../consumer/event.ts'
import { instant } from '../consumer/instant.ts'
import { broadcast } from '../producer/broadcast.ts'
import type { CLOCK } from '../settings/clock.ts'
import type { PartsOf } from '../settings/environment.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { KafkaConnections } from './kafka-connections.ts'
import { furtherRounds } from './rounds.ts'
import type { Scheduled } from './scheduled.ts'

/** Settings of a clock. */
type ClockConfig = Pick<GeneralSettings, 'env' | 'contentMode'> & PartsOf<[typeof CLOCK]>

/** Topics of a clock, and their ticks. */
export interface Ticking {
  readonly topics: readonly TopicName[]
  /** Topics whose timers must fire promptly. Between two scheduled runs, ticks are appended to them every `CLOCK_SECONDS`. */
  readonly often: readonly TopicName[]
  readonly kafkaTopic: Application['kafkaTopic']
  /** Returns the tick of a partition for the time of a run. */
  readonly makeTick: (partition: number, at: string) => Event
}

/** Appends the ticks of a run of a clock. Returns the number of ticks. */
export async function appendTicks(
  { topics, often, kafkaTopic, makeTick }: Ticking,
  {
    config,
    connections,
    scheduledFor,
    isScheduled,
    remainingMs,
  }: Omit<Scheduled<Pick<KafkaConnections, 'publisher'>, ClockConfig>, 'telemetry' | 'powertools'>,
): Promise<{ readonly ticks: number }> {
  const publisher = await connections.publisher()
  const append = async (to: readonly TopicName[], at: string) => {
    const appended = to.map(async name => {
      const topic = kafkaTopic(name, config.env)
      // The number of partitions is looked up each time, because partitions may have been added.
      const partitions = await publisher.partitionsOf(topic)
      return broadcast(publisher, topic, config, partition => makeTick(partition, at), partitions)
    })
    return (await Promise.all(appended)).flat().length
  }
  let ticks = await append(topics, scheduledFor)
  if (!isScheduled || often.length === 0) return { ticks }
  const clock = { now: () => performance.now(), sleep: (ms: number) => sleep(ms), remainingMs }
  for await (const passedMs of furtherRounds(config.tickEveryMs, clock))
    ticks += await append(often, instant(Date.parse(scheduledFor) + passedMs))
  return { ticks }
}
