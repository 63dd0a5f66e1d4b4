/** How many records a topic was given from one instant to the next. It asks for offsets by time, and reads no record. */

import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import type { TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import { kafkaAnswer } from './kafka-answers.ts'

/** Offsets by partition at instants that have been asked for, by milliseconds since the epoch. */
export type KnownOffsets = Map<number, readonly number[]>

/** A broker's clock may be behind by this much: until then, records may still come before an instant. */
const SETTLED_AFTER_MS = 10_000

/**
 * Records between instants that follow each other, by the times that Kafka has of its records; those before the log begins do not
 * count.
 *
 * @param instants milliseconds since the epoch, in their order
 * @param known what earlier calls have found; it is added to, and what is before the first instant is forgotten
 * @param signal ends the questions early, the oldest of which come last; a later call continues
 * @returns one count less than there are instants; null where that is not known yet
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

/** Counts as `recordsBetween` does, with null for a missing topic. @throws RefusedByKafka or Unavailable */
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

/** A partition that came later began with nothing. */
function difference(earlier: readonly number[], later: readonly number[]): number {
  return later.reduce((sum, offset, partition) => sum + Math.max(0, offset - (earlier[partition] ?? 0)), 0)
}

/** Instants of a whole step each, the last of them now or less than a step ago. Pure. */
export function instantsUntil(nowMs: number, stepMs: number, count: number): number[] {
  const last = Math.floor(nowMs / stepMs) * stepMs
  return Array.from({ length: count + 1 }, (_, index) => last - (count - index) * stepMs)
}
