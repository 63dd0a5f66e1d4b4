import type { Admin, Kafka } from 'kafkajs'
import { omitUndefined } from '../../consumer/omit-undefined.ts'
import type { LogBounds } from '../../pipeline/ports.ts'
import { serverUnavailable } from '../server-failure.ts'
import { askLeaders, PATIENCE_OF_AN_INVOCATION, type Patience } from './ask-leaders.ts'
import { isAway } from './availability.ts'
import { ReconnectingClient } from './reconnecting-client.ts'

export interface Bounds {
  readonly start: number
  /** Offset after the last record. */
  readonly end: number
}

/**
 * Requests offsets of topics, one request after another over one connection. Because a topic may be new and
 * its leaders may change, each request is repeated until the leaders of all partitions have responded.
 */
export class TopicOffsets {
  readonly #patience: Patience | undefined
  readonly #admin: ReconnectingClient<Admin>

  constructor(kafka: Kafka, patience?: Patience) {
    this.#patience = patience
    this.#admin = new ReconnectingClient(
      async () => {
        // `askLeaders` repeats requests, so the library must not.
        const admin = kafka.admin({ retry: { retries: 0 } })
        await admin.connect()
        return admin
      },
      admin => admin.disconnect(),
    )
  }

  /** Resolves to the offset after the last record of each partition. */
  async ends(topic: string): Promise<number[]> {
    return (await this.bounds(topic)).map(({ end }) => end)
  }

  /** Resolves to the committed offset of a consumer group for each partition; -1 if no offset is committed. */
  fetchCommitted(groupId: string, topic: string): Promise<number[]> {
    return this.#ask(async admin => {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] })
      return byPartition(answer?.partitions ?? [], ({ offset }) => Number(offset))
    })
  }

  /**
   * Resolves to the offset of the first record of each partition that was written at or after a time. If there is no such record,
   * the offset is the end of the partition.
   */
  at(topic: string, timeMs: number): Promise<number[]> {
    return this.#ask(async admin =>
      byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, timeMs), ({ offset }) => Number(offset)),
    )
  }

  /** Resolves to the readable range of each partition. */
  bounds(topic: string): Promise<Bounds[]> {
    return this.#ask(async admin => {
      const offsets = await admin.fetchTopicOffsets(topic)
      return byPartition(offsets, ({ low, high }) => ({ start: Number(low), end: Number(high) }))
    })
  }

  close(): Promise<void> {
    return this.#admin.close()
  }

  #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    // Metadata belongs to the connection, and the library renews it only by connecting again.
    return this.#admin.inTurn(question, attempt => askLeaders(attempt, this.#patience))
  }
}

function byPartition<Answer extends { readonly partition: number }, T>(
  answers: readonly Answer[],
  read: (answer: Answer) => T,
): T[] {
  const values: T[] = []
  for (const answer of answers) values[answer.partition] = read(answer)
  return values
}

export class KafkaLogBounds implements LogBounds {
  readonly #offsets: TopicOffsets

  constructor(kafka: Kafka) {
    this.#offsets = new TopicOffsets(kafka, PATIENCE_OF_AN_INVOCATION)
  }

  async bounds(topic: string, sinceMs?: number): Promise<(Bounds & { from?: number })[]> {
    try {
      // Ask for the offsets first: records that follow in the meantime are within the bounds.
      const from = sinceMs === undefined ? undefined : await this.#offsets.at(topic, sinceMs)
      const bounds = await this.#offsets.bounds(topic)
      return from
        ? bounds.map((bound, partition) => omitUndefined({ ...bound, from: from[partition] }))
        : bounds
    } catch (error) {
      throw isAway(error) ? serverUnavailable('kafka', error) : error
    }
  }

  close(): Promise<void> {
    return this.#offsets.close()
  }
}
