/** Records that are appended to a partition after a record has failed: the next attempt, or the event that ends the failure. */

import type { LogRecord } from '../../cloudevents/record.ts'
import { createRedrivenRecord } from '../../cloudevents/redriven-record.ts'
import type { Event } from '../../consumer/event.ts'
import { type FailureData, failureId } from '../../consumer/failure-event.ts'
import { computeDigest } from '../../pipeline/model/fingerprint.ts'
import { createFailureEnded } from '../../testing/simulation/redrives.ts'
import { FAILURE_ENDED_TYPE } from './application.ts'

/** Returns the next attempt of a failed record, at the given offset, in the form that the redriver publishes. */
export function nextAttempt(failure: FailureData, offset: number, timestampMs: number): LogRecord {
  const { topic, partition, key, value, headers } = createRedrivenRecord(failure)
  return { topic, partition, offset, timestampMs, key, value, headers }
}

/** Returns the event that marks a failure as ended, so that it is not retried any more. */
export function failureEnded(failed: FailureData): Event {
  return createFailureEnded(FAILURE_ENDED_TYPE, failed)
}

export function failureEndedAt(
  consumer: string,
  {
    topic,
    partition,
    offset,
    ...bytes
  }: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'key' | 'value' | 'headers'>,
  attempt: number,
): Event {
  const failure = failureId(consumer, { topic, partition, offset })
  return {
    id: `ended ${failure} ${attempt}`,
    source: '/consumers/dlq-router',
    type: FAILURE_ENDED_TYPE,
    datacontenttype: 'application/json',
    data: { consumer, failure, digest: computeDigest(bytes), attempt, because: 'no attempts are left' },
  }
}
