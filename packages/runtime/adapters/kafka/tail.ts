import { setTimeout as pause } from 'node:timers/promises'
import type { LogRecord } from '../../cloudevents/record.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import { isAway } from './availability.ts'
import type { Kafka } from './client.ts'
import { KafkaLogReader } from './log-reader.ts'
import { TopicOffsets } from './topic-offsets.ts'

export interface Tail {
  /** Resolves with the reason when reading cannot continue because the next record is unreadable. */
  readonly lost: Promise<Error>
  stop(): Promise<void>
}

/** Next offset to read, by topic and partition. */
export type Positions = ReadonlyMap<string, number[]>

/** Delay between checks for new records, and before the next attempt after a failure, in milliseconds. */
const LOOK_EVERY_MS = 200

const PATIENCE_OF_A_LOOK = { leaderMs: 0, topicMs: 0 }

/**
 * Follows topics for display, from their current ends or from other positions. Each record is passed on once, even if the broker
 * was unavailable in the meantime. No consumer group is used. Resolves when the start positions are known.
 */
export async function tail(
  kafka: Kafka,
  topics: readonly string[],
  onRecord: (record: LogRecord) => void,
  from?: Positions,
): Promise<Tail> {
  const next = from ?? (await presentEnds(kafka, topics))
  const [offsets, log] = [new TopicOffsets(kafka, PATIENCE_OF_A_LOOK), new KafkaLogReader(kafka)]
  const ending = new AbortController()
  const { signal } = ending
  const lost = Promise.withResolvers<Error>()

  async function readOn(topic: string, positions: number[]): Promise<void> {
    for (const [partition, end] of (await offsets.ends(topic)).entries()) {
      // A partition that was added in the meantime is read from its beginning.
      for (
        let at = positions[partition] ?? 0;
        at < end && !signal.aborted;
        at = positions[partition] ?? end
      ) {
        const { records, nextOffset } = await log.read(topic, partition, {
          fromOffset: at,
          toOffset: end - 1,
        })
        positions[partition] = nextOffset
        for (const record of records) onRecord(record)
      }
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const [topic, positions] of next) await readOn(topic, positions)
      } catch (error) {
        if (!(error instanceof Unavailable || isAway(error))) return lost.resolve(error as Error)
      }
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  const following = follow()
  return {
    lost: lost.promise,
    async stop() {
      ending.abort()
      await Promise.all([offsets.close(), log.close()])
      await following
    },
  }
}

async function presentEnds(kafka: Kafka, topics: readonly string[]): Promise<Positions> {
  const offsets = new TopicOffsets(kafka)
  try {
    return new Map(
      await Promise.all(topics.map(async topic => [topic, await offsets.ends(topic)] as [string, number[]])),
    )
  } finally {
    await offsets.close()
  }
}
