/** Relates alerts to the records that caused them, by the origins of events. An alert has the key of a record that caused it. */
import { isFailure, type LogRecord, parseTime, readEvent } from '#runtime/cloudevents'
import { type Event, type Failure, formatEntity } from '#runtime/consumer'
import { findEmittingRecord, type LogReader } from '#runtime/pipeline'
import { type Alert, isHeld } from '../../../lib/alerting/index.ts'

/** Consumers that emit events for a record only, never when a timer is due. Only their events lead back to further records. */
const BY_RECORD: readonly string[] = ['intake', 'alerting', 'grouping']

type Position = Pick<LogRecord, 'partition' | 'offset'>

function toPositionKey({ partition, offset }: Position): string {
  return `${partition}@${offset}`
}

/** Returns the keys of a record. @param event event of the record, or the failure if it cannot be decoded */
export function listCauseKeys(record: LogRecord, event: Event | Failure): readonly string[] {
  const at = toPositionKey(record)
  if (isFailure(event)) return [at]
  const entity = formatEntity(event)
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  return [at, `${at} ${entity}`, `${entity} ${timeMs}`]
}

/**
 * Returns the key of the record of a topic that caused an alert to fire or to resolve; undefined if none did, such as for an entity that is
 * silent. An alert that fired when a duration ended has the key of the reading at which the duration began.
 *
 * @param event event of the alert
 * @throws see `LogReader.read`
 */
export async function findCauseKey(
  log: LogReader,
  topic: string,
  alert: Alert,
  event: Event,
): Promise<string | undefined> {
  const entity = formatEntity(alert.entity)
  if (alert.reason === 'silent') return undefined
  if (alert.status === 'firing' && isHeld(alert)) return `${entity} ${Date.parse(alert.activeAt)}`
  const first = findEmittingRecord(event)
  // Timers of an entity fire at the records of others.
  if (first?.topic === topic) return `${toPositionKey(first)} ${entity}`
  let cause = first && (await readEventAt(log, first))
  if (cause && formatEntity(cause) !== entity) return undefined
  while (cause) {
    const at = findEmittingRecord(cause)
    if (!at || !BY_RECORD.includes(at.consumer)) return undefined
    if (at.topic === topic) return toPositionKey(at)
    cause = await readEventAt(log, at)
  }
  return undefined
}

async function readEventAt(
  log: LogReader,
  { topic, partition, offset }: Position & Pick<LogRecord, 'topic'>,
): Promise<Event | undefined> {
  const { records } = await log.read(topic, partition, { fromOffset: offset, toOffset: offset })
  const found = records.find(record => record.offset === offset)
  const event = found && readEvent(found)
  return event === undefined || isFailure(event) ? undefined : event
}
