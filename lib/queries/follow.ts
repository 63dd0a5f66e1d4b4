/** Reads a topic on and on, without a consumer group. */
import { setTimeout as pause } from 'node:timers/promises'
import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { PartitionStopped, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { readRecords } from './records.ts'
import { topicBounds } from './topics.ts'

/** How long to wait for new records before asking for the ends of the topic again. */
const AGAIN_AFTER_MS = 250
/** Maximum outage of Kafka. */
const PATIENCE_MS = 30_000

/** The topic that is read ends before a record that was read from it: it was deleted, and another one has its name. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced'
}

/**
 * The records of a topic from these offsets on: those that are there in the order of their times, then those that come.
 *
 * @param from the offset to begin with, by partition; partitions that are added later begin with their first record
 * @param stop ends it
 * @throws UnknownTopic or TopicReplaced if the topic is gone, RefusedByKafka or PartitionStopped if it cannot be read, Unavailable if
 * Kafka is away for half a minute
 */
export async function* followTopic(
  log: LogReader,
  offsets: Pick<TopicOffsets, 'bounds'>,
  topic: string,
  from: readonly number[],
  stop: AbortSignal,
): AsyncGenerator<LogRecord> {
  const next = [...from]
  let answeredAtMs = performance.now()
  while (!stop.aborted) {
    const before = next.join()
    try {
      const ranges = await openRanges(offsets, topic, next)
      for await (const record of readRecords(log, ranges)) {
        next[record.partition] = record.offset + 1
        yield record
        if (stop.aborted) return
      }
      // Markers of transactions may follow the last record.
      for (const { partition, end } of ranges) next[partition] = end
      answeredAtMs = performance.now()
    } catch (error) {
      const waitedMs = performance.now() - answeredAtMs
      if (!mayPass(error) || waitedMs > PATIENCE_MS) throw readable(error, topic)
    }
    if (next.join() === before) await pause(AGAIN_AFTER_MS, undefined, { signal: stop }).catch(() => {})
  }
}

async function openRanges(offsets: Pick<TopicOffsets, 'bounds'>, topic: string, next: number[]) {
  const bounds = await topicBounds(offsets, topic)
  return bounds.map(({ start, end }, partition) => {
    const at = Math.max(next[partition] ?? start, start)
    if (at > end) throw new TopicReplaced(replacedText(topic))
    return { topic, partition, start: at, end }
  })
}

function mayPass(error: unknown): boolean {
  return error instanceof Unavailable && !isUnknownTopic(error)
}

function readable(error: unknown, topic: string): unknown {
  return error instanceof PartitionStopped && error.code === 'another-log'
    ? new TopicReplaced(replacedText(topic))
    : error
}

function replacedText(topic: string): string {
  return `topic ${topic} was deleted and created again`
}
