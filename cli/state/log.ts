/** What Kafka says of a consumer's log, where it answers: a look at state must not depend on it. */

import { brokersAnswer } from '../../lib/adapters/kafka/answers.ts'
import { type Bounds, TopicOffsets } from '../../lib/adapters/kafka/offsets.ts'
import type { Connections } from '../../lib/connections.ts'
import { type Slot, UnreadableLog } from '../../lib/pipeline/ports.ts'
import { isAnswerMissing, withinPatience } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import type { Standing } from './other-log.ts'

/** Of each partition; or why nothing is known of them. */
export type LogBounds = readonly Bounds[] | 'no-topic' | 'away'

export async function boundsOf(connections: Connections, topic: string): Promise<LogBounds> {
  let offsets: TopicOffsets | undefined
  try {
    offsets = new TopicOffsets(await connections.kafka())
    return await withinPatience(offsets.bounds(topic))
  } catch (error) {
    return brokersAnswer(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? 'no-topic' : 'away'
  } finally {
    await offsets?.close().catch(() => {})
  }
}

/** What the log has at a mark. */
export async function standingAt(
  connections: Connections,
  { topic, partition }: Slot,
  mark: number,
): Promise<Standing> {
  const all = await boundsOf(connections, topic)
  if (typeof all === 'string') return all
  const bounds = all[partition]
  if (!bounds) return 'no-topic'
  if (mark < bounds.start || mark >= bounds.end) return { ...bounds, appendedAtMs: undefined }
  try {
    const log = await connections.log()
    const { records } = await withinPatience(log.read(topic, partition, { fromOffset: mark, toOffset: mark }))
    return { ...bounds, appendedAtMs: records.find(({ offset }) => offset === mark)?.timestampMs }
  } catch (error) {
    if (isAnswerMissing(error)) return 'away'
    throw error instanceof UnreadableLog ? new CliFailure(error.message, 1, { cause: error }) : error
  }
}
