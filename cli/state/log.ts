/**
 * Queries Kafka about a consumer's log. Errors are returned as values, so that states can be shown even if Kafka does not answer.
 */

import { topicBounds } from '../../lib/queries/topics.ts'
import { isUnknownTopic } from '../../packages/runtime/adapters/kafka/errors.ts'
import { type Bounds, TopicOffsets } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { Connections } from '../../packages/runtime/lambda/connections.ts'
import { isUnreadable } from '../../packages/runtime/pipeline/errors.ts'
import { digestOf } from '../../packages/runtime/pipeline/failures/failure-record.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { isAnswerMissing, withinPatience } from '../connections.ts'
import { CliFailure } from '../failure.ts'
import type { LogStatus } from './other-log.ts'

/** First and last offsets by partition, or the reason why they are unknown. */
export type LogBounds = readonly Bounds[] | 'no-topic' | 'away'

/** Returns the bounds of a topic's partitions. @param onError called with the error if the result is `away` */
export async function boundsOf(
  connections: Pick<Connections, 'kafka'>,
  topic: string,
  onError: (error: unknown) => void = () => {},
): Promise<LogBounds> {
  let offsets: TopicOffsets | undefined
  try {
    offsets = new TopicOffsets(await connections.kafka())
    return await withinPatience(topicBounds(offsets, topic))
  } catch (error) {
    if (isUnknownTopic(error)) return 'no-topic'
    onError(error)
    return 'away'
  } finally {
    await offsets?.close().catch(() => {})
  }
}

/** Returns the bounds of the log, and properties of the record at an applied offset. */
export async function standingAt(
  connections: Connections,
  { topic, partition }: StateKey,
  appliedOffset: number,
): Promise<LogStatus> {
  const all = await boundsOf(connections, topic)
  if (typeof all === 'string') return all
  const bounds = all[partition]
  if (!bounds) return 'no-topic'
  if (appliedOffset < bounds.start || appliedOffset >= bounds.end)
    return { ...bounds, appendedAtMs: undefined }
  try {
    const log = await connections.log()
    const { records } = await withinPatience(
      log.read(topic, partition, { fromOffset: appliedOffset, toOffset: appliedOffset }),
    )
    const record = records.find(({ offset }) => offset === appliedOffset)
    return { ...bounds, appendedAtMs: record?.timestampMs, ...(record && { digest: digestOf(record) }) }
  } catch (error) {
    if (isAnswerMissing(error)) return 'away'
    throw isUnreadable(error) ? new CliFailure(error.message, 1, { cause: error }) : error
  }
}
