/** What the way back of a failed record appends to its partition: its next attempt, or the news that there is none. */
import { FAILURE_ENDED_TYPE } from '../../lib/failures/event-types.ts'
import { redrivenRecord } from '../../lib/failures/redriven-record.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { type FailureData, failureId } from '../../lib/runtime/consumer/failure-event.ts'

/** The record as the redriver brings it back, at this offset. */
export function nextAttempt(failure: FailureData, offset: number, timestampMs: number): LogRecord {
  const { topic, partition, key, value, headers } = redrivenRecord(failure)
  return { topic, partition, offset, timestampMs, key, value, headers }
}

/** The event that says that a failure is not retried any more. */
export function failureEnded({
  consumer,
  originalTopic: topic,
  originalPartition: partition,
  originalOffset: offset,
  attempt,
}: Pick<
  FailureData,
  'consumer' | 'originalTopic' | 'originalPartition' | 'originalOffset' | 'attempt'
>): Event {
  const failure = failureId(consumer, { topic, partition, offset })
  return {
    id: `ended ${failure} ${attempt}`,
    source: '/consumers/dlq-router',
    type: FAILURE_ENDED_TYPE,
    datacontenttype: 'application/json',
    data: { consumer, failure, attempt, because: 'no attempts are left' },
  }
}
