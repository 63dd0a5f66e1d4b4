import { Unavailable } from '../../pipeline/errors.ts'
import type { LogBounds } from '../../pipeline/ports.ts'
import { isAway } from './availability.ts'
import type { Kafka } from './client.ts'
import { type Bounds, TopicOffsets } from './offsets.ts'

/** Shorter than elsewhere: the next invocation asks again. */
const PATIENCE_OF_AN_INVOCATION = { leaderMs: 3_000, topicMs: 0 }

export class KafkaLogBounds implements LogBounds {
  readonly #offsets: TopicOffsets

  constructor(kafka: Kafka) {
    this.#offsets = new TopicOffsets(kafka, PATIENCE_OF_AN_INVOCATION)
  }

  async bounds(topic: string): Promise<Bounds[]> {
    try {
      return await this.#offsets.bounds(topic)
    } catch (error) {
      if (!isAway(error)) throw error
      const { message } = error as Error
      throw new Unavailable('broker-unavailable', `Kafka does not say what ${topic} holds: ${message}`, {
        cause: error,
      })
    }
  }

  close(): Promise<void> {
    return this.#offsets.close()
  }
}
