/**
 * Counts the records that were appended to a topic in each interval. Kafka's offset lookup by time is used, so no records are read.
 */

import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/** Results of earlier lookups: offsets by partition for each instant, in milliseconds since the epoch. */
export type KnownOffsets = Map<number, readonly number[]>

/**
 * Time in milliseconds after which a lookup is final. Until then, records with earlier timestamps may still be appended, because a
 * broker's clock may be behind.
 */
const SETTLED_AFTER_MS = 10_000

/**
 * Returns the number of records between successive instants, based on timestamps in Kafka. Records that retention has deleted are
 * not counted.
 *
 * @param instants ascending times in milliseconds since the epoch
 * @param known results of earlier calls. New results are added, and results before the first instant are removed.
 * @param signal ends the lookups early. The newest intervals are looked up first, and a later call continues.
 * @returns a count for each interval between two instants; null if it is not known yet
 * @throws UnknownTopic, RefusedByKafka or Unavailable, see `kafkaAnswer`
 */
export async function recordsBetween(
  offsets: Pick<TopicOffsets, 'at'>,
  topic: string,
  instants: readonly number[],
  known: KnownOffsets,
  { nowMs, signal }: { readonly nowMs: number; readonly signal?: AbortSignal },
): Promise<(number | null)[]> {
  const [first = nowMs] = instants
  for (const instant of known.keys()) if (instant < first) known.delete(instant)
  const found = new Map(known)
  for (const instant of instants.toReversed()) {
    if (found.has(instant)) continue
    if (signal?.aborted) break
    const answer = await kafkaAnswer(`topic ${topic}`, offsets.at(topic, instant))
    found.set(instant, answer)
    if (instant < nowMs - SETTLED_AFTER_MS) known.set(instant, answer)
  }
  return instants.slice(1).map((instant, index) => {
    const [earlier, later] = [found.get(instants[index] as number), found.get(instant)]
    return earlier && later ? difference(earlier, later) : null
  })
}

/**
 * Counts records like `recordsBetween`. All counts are null if the topic does not exist.
 *
 * @throws RefusedByKafka or Unavailable
 */
export async function recordsIfThere(
  ...asked: Parameters<typeof recordsBetween>
): Promise<(number | null)[]> {
  try {
    return await recordsBetween(...asked)
  } catch (error) {
    if (!isUnknownTopic(error)) throw error
    const [, , instants] = asked
    return instants.slice(1).map(() => null)
  }
}

/**
 * Returns the number of records between two lookups. A partition without an earlier offset was added in between, and started empty.
 */
function difference(earlier: readonly number[], later: readonly number[]): number {
  return later.reduce((sum, offset, partition) => sum + Math.max(0, offset - (earlier[partition] ?? 0)), 0)
}

/** Returns `count + 1` instants at multiples of the step. The last one is the current time, or less than a step earlier. Pure. */
export function instantsUntil(nowMs: number, stepMs: number, count: number): number[] {
  const last = Math.floor(nowMs / stepMs) * stepMs
  return Array.from({ length: count + 1 }, (_, index) => last - (count - index) * stepMs)
}
