/** Reads notifications from their topic, and derives their outcomes from the progress of the sinks and from failures. Pure. */

import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { FailureData } from '../../packages/runtime/consumer/failure-event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import validators from '../../schemas/compiled.js'
import { DEAD_LETTER_TYPE, FAILURE_TYPE } from '../failures/event-types.ts'
import { NOTIFICATION_TYPE, type Notification } from '../notification/notification.ts'

export interface SentNotification {
  /** Event id. */
  readonly id: string
  /** Time at which the alert group was due for notification, RFC 3339. */
  readonly at: string
  readonly partition: number
  readonly offset: number
  readonly notification: Notification
}

/** Notification that a sink failed to deliver. */
export interface UndeliveredNotification {
  readonly consumer: string
  readonly partition: number
  readonly offset: number
  readonly error: string
  /** Position of the dead letter in the dlq topic, such as `2:17`; absent while the notification is retried. */
  readonly letter?: string
}

/**
 * Outcome of a notification in a sink. `waiting`: the sink has not processed it, or its receiver does not respond. `passed`: all
 * receivers of the sink have accepted it. `failed`: it will be retried. `dead-letter`: it failed and is not retried any more.
 */
export interface SinkOutcome {
  readonly sink: string
  readonly state: 'waiting' | 'passed' | 'failed' | 'dead-letter'
  readonly error?: string
  readonly letter?: string
}

/**
 * Returns the notifications in records without duplicates, newest first.
 *
 * @param records records in their original order within each partition
 */
export function sentNotifications(records: readonly LogRecord[]): readonly SentNotification[] {
  const byId = new Map<string, SentNotification>()
  for (const record of records) {
    const event = readEvent(record)
    if (isFailure(event) || event.type !== NOTIFICATION_TYPE || byId.has(event.id)) continue
    if (!fitsSchema(event)) continue
    const { partition, offset, timestampMs } = record
    const at = event.time ?? instant(timestampMs)
    byId.set(event.id, { id: event.id, at, partition, offset, notification: event.data as Notification })
  }
  return [...byId.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

/**
 * Returns the failures and dead letters that concern notifications.
 *
 * @param topic name of the notifications topic
 */
export function undeliveredIn(
  records: readonly LogRecord[],
  topic: string,
): readonly UndeliveredNotification[] {
  return records.flatMap(record => {
    const event = readEvent(record)
    if (isFailure(event) || (event.type !== FAILURE_TYPE && event.type !== DEAD_LETTER_TYPE)) return []
    if (!fitsSchema(event)) return []
    const { consumer, originalTopic, originalPartition, originalOffset, error } = event.data as FailureData
    if (originalTopic !== topic) return []
    const letter = event.type === DEAD_LETTER_TYPE ? { letter: `${record.partition}:${record.offset}` } : {}
    return [{ consumer, partition: originalPartition, offset: originalOffset, error, ...letter }]
  })
}

/** Returns whether the data matches the schema of its event type. Any client can write to the topics. */
function fitsSchema({ type, data }: Event): boolean {
  return validators[type]?.(data) ?? false
}

/**
 * Returns the outcome of a notification in a sink.
 *
 * @param appliedOffset last offset that the sink has processed in the notification's partition
 */
export function outcomeOf(
  { partition, offset }: Pick<SentNotification, 'partition' | 'offset'>,
  sink: string,
  appliedOffset: number,
  undelivered: readonly UndeliveredNotification[],
): SinkOutcome {
  if (offset > appliedOffset) return { sink, state: 'waiting' }
  const own = undelivered.filter(
    one => one.consumer === sink && one.partition === partition && one.offset === offset,
  )
  const last = own.findLast(({ letter }) => letter !== undefined) ?? own.at(-1)
  if (!last) return { sink, state: 'passed' }
  const { error, letter } = last
  return letter === undefined
    ? { sink, state: 'failed', error }
    : { sink, state: 'dead-letter', error, letter }
}
