/** Ticks of a clock: which topics get them, and when. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Application } from '../consumer/application.ts'
import type { Event } from '../consumer/event.ts'
import { instant } from '../consumer/instant.ts'
import type { TopicName } from '../consumer/topic-name.ts'
import { broadcast } from '../producer/broadcast.ts'
import type { CLOCK } from '../settings/clock.ts'
import type { GeneralSettings } from '../settings/general.ts'
import type { CombinedParts } from '../settings/read-settings.ts'
import type { KafkaClients } from './kafka-clients.ts'
import type { Scheduled } from './scheduled-handler.ts'

/** Settings of a clock. */
type ClockConfig = Pick<GeneralSettings, 'env' | 'contentMode'> & CombinedParts<[typeof CLOCK]>

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
  }: Omit<Scheduled<Pick<KafkaClients, 'publisher'>, ClockConfig>, 'nowMs' | 'telemetry' | 'powertools'>,
): Promise<{ readonly ticks: number }> {
  const publisher = await connections.publisher()
  const append = async (to: readonly TopicName[], at: string) => {
    const appended = to.map(async name => {
      const topic = kafkaTopic(name, config.env)
      // The number of partitions is looked up each time, because partitions may have been added.
      const partitions = await publisher.countPartitions(topic)
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

/** Interval between runs, in milliseconds. */
const PERIOD_MS = 60_000
/**
 * Maximum duration of a round, in milliseconds. The round must end before the next run begins, and before the invocation times out.
 */
const ROUND_MS = 5_000

/** Clock of an invocation, which tests can replace. */
export interface InvocationClock {
  /** Returns the time in milliseconds on a monotonic clock. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Returns the remaining time of the invocation, in milliseconds. */
  remainingMs(): number
}

/**
 * Waits for each round after the first, and yields the milliseconds between the start of the run and the due time of the round. A
 * round is skipped if its time has passed because the previous round took too long.
 */
export async function* furtherRounds(
  everyMs: number,
  { now, sleep, remainingMs }: InvocationClock,
): AsyncGenerator<number> {
  const beganMs = now()
  for (let dueMs = everyMs; dueMs + ROUND_MS <= PERIOD_MS; dueMs += everyMs) {
    const waitMs = beganMs + dueMs - now()
    if (waitMs < 0) continue
    if (remainingMs() < waitMs + ROUND_MS) return
    await sleep(waitMs)
    yield dueMs
  }
}
