/** Finds the reading in the log that caused an alert. The alert id is derived from the reading. */

import { isFailure, type LogRecord, readEvent } from '#runtime/cloudevents'
import { derivedId, type Event, formatEntity } from '#runtime/consumer'
import type { LogReader } from '#runtime/pipeline'
import type { Alert } from '../../../lib/alerting/index.ts'
import { type Range, searchRecords } from '../../../lib/log/read-records.ts'
import { getTimeMs } from './alerts-topic.ts'

/** Event with its position in the log. */
interface FoundEvent {
  readonly event: Event
  readonly record: LogRecord
}

export interface AlertCause extends FoundEvent {
  /**
   * Role of the event. `fired`: the alert fired at this event. `began`: the condition was first met at this event, and the alert
   * fired after a duration. `last`: the last event of the entity before the alert fired.
   */
  readonly as: 'fired' | 'began' | 'last'
}

type About = Pick<Alert, 'alertId' | 'fingerprint' | 'entity' | 'activeAt' | 'startedAt'>

/**
 * Returns the cause of an alert; undefined if the ranges contain no event of the alert's entity.
 *
 * @param plain decoder for event data in any format
 * @throws the signal's reason if the signal is aborted; otherwise see `searchRecords`
 */
export async function findAlertCause(
  log: LogReader,
  ranges: readonly Range[],
  about: About,
  plain: (records: readonly LogRecord[]) => Promise<readonly LogRecord[]>,
  signal?: AbortSignal,
): Promise<AlertCause | undefined> {
  const { source, subject } = about.entity
  const records: LogRecord[] = []
  const tell = (record: LogRecord) => records.push(record)
  await searchRecords(log, ranges, subject ?? source, tell, signal)
  const events = (await plain(records)).flatMap(record => {
    const event = readEvent(record)
    return isFailure(event) || formatEntity(event) !== formatEntity(about.entity) ? [] : [{ event, record }]
  })
  return findCause(events, about)
}

/**
 * Returns the cause of an alert among these events. Pure.
 *
 * @param events events of the alert's entity
 */
function findCause(events: readonly FoundEvent[], about: About): AlertCause | undefined {
  const { alertId, fingerprint, activeAt, startedAt } = about
  const fired = events.find(({ event: { source, id } }) =>
    [derivedId(fingerprint, source, id), derivedId(fingerprint, 'pattern', source, id)].includes(alertId),
  )
  if (fired) return { ...fired, as: 'fired' }
  const began = events.find(event => getTimeMs(event) === Date.parse(activeAt))
  if (began) return { ...began, as: 'began' }
  const before = events.filter(event => getTimeMs(event) <= Date.parse(startedAt))
  const last = before.toSorted((a, b) => getTimeMs(a) - getTimeMs(b)).at(-1)
  return last && { ...last, as: 'last' }
}
