/** Notifications as their topic has them, and the outcome of each, by the progress of the sinks and by their failures. Pure. */

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
  /** Id of the event. */
  readonly id: string
  /** RFC 3339: when the group was due. */
  readonly at: string
  readonly partition: number
  readonly offset: number
  readonly notification: Notification
}

/** A notification that a sink could not deliver. */
export interface UndeliveredNotification {
  readonly consumer: string
  readonly partition: number
  readonly offset: number
  readonly error: string
  /** Place in the dlq topic, such as `2:17`; absent if it is tried again. */
  readonly letter?: string
}

/**
 * `waiting`: the sink has not come to it, or its receiver does not answer. `passed`: each receiver of the sink that it names has taken it.
 * `failed`: it is tried again. `dead-letter`: it was tried for the last time.
 */
export interface SinkOutcome {
  readonly sink: string
  readonly state: 'waiting' | 'passed' | 'failed' | 'dead-letter'
  readonly error?: string
  readonly letter?: string
}

/** Each notification once, the newest first. @param records those of one partition in their own order */
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

/** Failures and dead letters of notifications. @param topic the topic of the notifications */
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

/** Any client may write to the topics. */
function fitsSchema({ type, data }: Event): boolean {
  return validators[type]?.(data) ?? false
}

/** @param appliedOffset progress of the sink in the notification's partition */
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
