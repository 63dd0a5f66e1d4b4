/** Reads a topic continuously, without a consumer group. */
import { setTimeout as pause } from 'node:timers/promises'
import type { LogRecord } from '#runtime/cloudevents'
import type { TopicOffsets } from '#runtime/operating/kafka'
import { isUnknownTopic } from '#runtime/operating/servers'
import { type LogReader, PartitionStopped, Unavailable } from '#runtime/pipeline'
import { readRecords } from '../../../lib/log/read-records.ts'
import { readTopicBounds } from '../../../lib/log/topic-bounds.ts'

/** Delay before the end offsets are requested again if there are no new records, in milliseconds. */
const AGAIN_AFTER_MS = 250
/** Default for the maximum duration of a Kafka outage before reading fails, in milliseconds. */
const PATIENCE_MS = 30_000

/** Error for a topic that was deleted and recreated while it was read. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced'
}

/**
 * Yields the records of a topic from the given offsets: first existing records in order of time, then new records as they arrive.
 *
 * @param from start offset by partition. Partitions that are added later are read from their first record.
 * @param stop signal that ends reading
 * @param patienceMs maximum duration of an outage, in milliseconds
 * @throws Unavailable for which `isUnknownTopic` is true if the topic was deleted; TopicReplaced if it was recreated
 * @throws RefusedByKafka or PartitionStopped if the topic cannot be read
 * @throws Unavailable if Kafka is unavailable for longer than that
 */
export function followTopic(
  log: LogReader,
  offsets: Pick<TopicOffsets, 'bounds'>,
  topic: string,
  from: readonly number[],
  stop: AbortSignal,
  patienceMs?: number,
): AsyncGenerator<LogRecord> {
  return followTopics(log, offsets, new Map([[topic, from]]), stop, patienceMs)
}

/** Yields the records of several topics like `followTopic`. @param from start offsets by topic and partition */
export async function* followTopics(
  log: LogReader,
  offsets: Pick<TopicOffsets, 'bounds'>,
  from: ReadonlyMap<string, readonly number[]>,
  stop: AbortSignal,
  patienceMs = PATIENCE_MS,
): AsyncGenerator<LogRecord> {
  const next = Object.fromEntries([...from].map(([topic, starts]) => [topic, [...starts]]))
  const advance = (topic: string, partition: number, to: number) => {
    if (next[topic]) next[topic][partition] = to
  }
  let answeredAtMs = performance.now()
  while (!stop.aborted) {
    const before = Object.values(next).join()
    try {
      const all = Object.entries(next).map(([topic, starts]) => openRanges(offsets, topic, starts))
      const ranges = (await Promise.all(all)).flat()
      for await (const record of readRecords(log, ranges)) {
        advance(record.topic, record.partition, record.offset + 1)
        yield record
        if (stop.aborted) return
      }
      // Transaction markers can follow the last record, so reading continues at the end offset.
      for (const { topic, partition, end } of ranges) advance(topic, partition, end)
      answeredAtMs = performance.now()
    } catch (error) {
      const waitedMs = performance.now() - answeredAtMs
      if (!mayPass(error) || waitedMs > patienceMs) throw readable(error, [...from.keys()].join(' or '))
    }
    if (Object.values(next).join() === before)
      await pause(AGAIN_AFTER_MS, undefined, { signal: stop }).catch(() => {})
  }
}

async function openRanges(offsets: Pick<TopicOffsets, 'bounds'>, topic: string, next: readonly number[]) {
  const bounds = await readTopicBounds(offsets, topic)
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
