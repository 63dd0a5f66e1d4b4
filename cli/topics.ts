/** Which topics a command means, and how far they reach. */
import { brokersAnswer } from '../lib/adapters/kafka/answers.ts'
import { type Bounds, TopicOffsets } from '../lib/adapters/kafka/offsets.ts'
import type { Config } from '../lib/config.ts'
import type { Connections } from '../lib/connections.ts'
import { SIGNALS } from '../lib/domain/topics.ts'
import { kafkaAddress, reasonOf, withinPatience } from './connections.ts'
import { CliFailure } from './failure.ts'

/** Where each partition of a topic begins and ends now, and the first offset at or after a time. */
export interface TopicReach {
  readonly bounds: readonly Bounds[]
  readonly atTime: readonly number[]
}

/**
 * Asks Kafka how far topics reach.
 *
 * @param timeMs the time to look up; without one, `atTime` is empty
 * @throws CliFailure where Kafka does not answer, or does not have one of the topics
 */
export async function reachOf(
  connections: Connections,
  config: Config,
  topics: readonly string[],
  timeMs: number | undefined,
): Promise<ReadonlyMap<string, TopicReach>> {
  const offsets = new TopicOffsets(await connections.kafka())
  const ask = async (topic: string): Promise<readonly [string, TopicReach]> => {
    try {
      const [bounds, atTime] = await withinPatience(
        Promise.all([offsets.bounds(topic), timeMs === undefined ? [] : offsets.at(topic, timeMs)]),
      )
      return [topic, { bounds, atTime }]
    } catch (error) {
      throw unreachable(error, topic, config)
    }
  }
  try {
    // The first alone: where Kafka does not answer, one message is enough.
    const [first, ...others] = topics
    const reach = first === undefined ? [] : [await ask(first)]
    return new Map([...reach, ...(await Promise.all(others.map(ask)))])
  } finally {
    await offsets.close().catch(() => {})
  }
}

function unreachable(error: unknown, topic: string, config: Config): CliFailure {
  if (brokersAnswer(error) === 'UNKNOWN_TOPIC_OR_PARTITION')
    return new CliFailure(
      `Kafka at ${kafkaAddress(config)} has no topic ${topic}. Signals are ${SIGNALS.join(', ')}; is --env or SLUICE_ENV right?`,
    )
  return new CliFailure(
    `Kafka does not answer at ${kafkaAddress(config)}: is \`npm start\` running? Otherwise set KAFKA_BROKERS. (${reasonOf(error)})`,
  )
}
