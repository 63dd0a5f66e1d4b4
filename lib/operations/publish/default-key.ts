/** Computes the default record keys of events. All events of an entity have the same key. Pure. */
import { isUtf8 } from 'node:buffer'
import { type Event, formatEntity } from '#runtime/consumer/index.ts'
import { ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE } from '../../alerting/alert.ts'
import { PATTERN_EVENT_TYPE } from '../../alerting/patterns/pattern-event.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE, RETRY_TYPE } from '../../failures/event-types.ts'
import { NOTIFICATION_TYPE } from '../../notification/notification.ts'
import { ALERT_ROUTED_TYPE } from '../../notification/routed-alert.ts'
import { findFamily, type ReadingData } from '../../telemetry/families.ts'
import type { KeyStrategy } from '../../telemetry/key.ts'
import { computeRecordKey } from '../../telemetry/reading.ts'

const OF_ALERTS: readonly string[] = [ALERT_FIRED_TYPE, ALERT_RESOLVED_TYPE]
/** Event types whose subject is the name of an alert group. */
const OF_GROUPS: readonly string[] = [ALERT_ROUTED_TYPE, NOTIFICATION_TYPE]
/** Event types whose source and subject identify a group. The entity is in the event data. */
const OF_PATTERNS: readonly string[] = [PATTERN_EVENT_TYPE]
/** Event types that have the key of the failed record. */
const OF_FAILURES: readonly string[] = [FAILURE_TYPE, RETRY_TYPE, DEAD_LETTER_TYPE]

/**
 * Returns the record key of an event. The extension `partitionkey` takes precedence (CloudEvents extension "Partitioning").
 * Otherwise, the key depends on the event:
 * - a reading has the key of its family;
 * - an alert has its fingerprint;
 * - a notification has its group;
 * - an event with an entity in its data has this entity;
 * - any other event has its source and subject.
 *
 * @param event event whose data matches the schema of its type
 * @param keyBy key strategy of readings; by default, that of each family. The id of the event is the key of `random`
 */
export function computeEventKey(event: Event, keyBy?: KeyStrategy): string {
  const { partitionkey } = event.extensions ?? {}
  if (partitionkey) return partitionkey
  const family = findFamily(event.type)
  if (family) return computeRecordKey(family, event.data as ReadingData, keyBy) ?? event.id
  return findKeyInData(event) ?? formatEntity(event)
}

function findKeyInData({ type, subject, data }: Event): string | undefined {
  const { fingerprint, originalKey, entity } = (data ?? {}) as Record<string, unknown>
  if (OF_ALERTS.includes(type)) return typeof fingerprint === 'string' ? fingerprint : undefined
  if (OF_FAILURES.includes(type)) return decodeText(originalKey)
  if (OF_GROUPS.includes(type)) return subject
  return !OF_PATTERNS.includes(type) && isEntity(entity) ? formatEntity(entity) : undefined
}

function decodeText(base64: unknown): string | undefined {
  if (typeof base64 !== 'string') return undefined
  const bytes = Buffer.from(base64, 'base64')
  return isUtf8(bytes) ? bytes.toString() : undefined
}

function isEntity(value: unknown): value is Pick<Event, 'source' | 'subject'> {
  const { source, subject } = (value ?? {}) as { source?: unknown; subject?: unknown }
  return typeof source === 'string' && (subject === undefined || typeof subject === 'string')
}
