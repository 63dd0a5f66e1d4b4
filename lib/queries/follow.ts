/** Reads a topic continuously, without a consumer group. */
import { setTimeout as pause } from 'node:timers/promises'
import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import { PartitionStopped, Unavailable } from '../../packages/runtime/pipeline/errors.ts'
import type { LogReader } from '../../packages/runtime/pipeline/ports.ts'
import { readRecords } from './records.ts'
import { topicBounds } from './topics.ts'

/** Time to wait for new records before the end offsets are requested again, in milliseconds. */
const AGAIN_AFTER_MS = 250
/** Maximum time that Kafka may be unavailable, in milliseconds. */
const PATIENCE_MS = 30_000

/** Error for a topic that ends before a record that was already read: it was deleted and recreated. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced'
}

/**
 * Yields the records of a topic from these offsets on: first the existing ones in order of time, then new ones as they arrive.
 *
 * @param from start offset by partition; partitions that are added later are read from their first record
 * @param stop signal that ends the reading
 * @throws UnknownTopic or TopicReplaced if the topic no longer exists
 * @throws RefusedByKafka or PartitionStopped if it cannot be read
 * @throws Unavailable if Kafka is unavailable for half a minute
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
      // Transaction markers may follow the last record.
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
