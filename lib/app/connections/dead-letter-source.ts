/** Connects the list of open dead letters to Kafka and Redis. */

import type { Connections } from '#runtime/functions/connections'
import { StateInspection } from '#runtime/operating/states'
import type { DeadLetterSource } from '../../log/dead-letters.ts'
import { DAY_MS } from '../../support/duration.ts'
import type { Named, Vocabulary } from '../naming/names.ts'
import { topicRow } from '../naming/topic-table.ts'

/**
 * Returns the source from which the dead letters of an environment are read.
 *
 * @throws Unavailable if Kafka does not answer
 */
export async function deadLetterSource(
  connections: Pick<Connections, 'log' | 'bounds' | 'redis'>,
  { env, names, families }: Named & Vocabulary,
  nowMs: () => number,
): Promise<DeadLetterSource> {
  const topic = names.topicName('dlq', env)
  const [log, bounds] = await Promise.all([connections.log(), connections.bounds()])
  return {
    log,
    topic,
    families,
    keptSinceMs: () => keptSinceMs(nowMs()),
    bounds: () => bounds.bounds(topic),
    states: async () => new StateInspection(await connections.redis()),
  }
}

/** Returns the time, in milliseconds since the epoch, from which the dlq topic keeps records. */
export function keptSinceMs(nowMs: number): number {
  return nowMs - topicRow('dlq').keptDays * DAY_MS
}
