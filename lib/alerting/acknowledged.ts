/**
 * Event that acknowledges an alert or withdraws the acknowledgement. It is published to the alerts topic,
 * like the alert's own events.
 */

import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { AlertAcknowledged } from '../../schemas/types.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import type { Alert } from './alert.ts'

export type { AlertAcknowledged }

export const ALERT_ACKNOWLEDGED_TYPE = 'io.sluice.alert.acknowledged.v1' satisfies EventType

/** Current acknowledgement of an alert. */
export interface Acknowledgement {
  readonly by: string
  readonly comment?: string
  /** Time of the acknowledgement, RFC 3339. */
  readonly at: string
}

/** Acknowledgement or withdrawal of one, with its time. */
export interface Statement extends Pick<AlertAcknowledged, 'acknowledged' | 'by' | 'comment'> {
  /** Id of the acknowledging event. */
  readonly id: string
  /** Event time, RFC 3339. */
  readonly time: string
}

/**
 * Returns the event that acknowledges an alert. It shares source and subject with the alert's own events, so that every process
 * with state of the alert receives it.
 *
 * @param of source and subject of the fired event
 */
export function alertAcknowledged(
  { alertId, fingerprint, rule, entity }: Alert,
  of: Pick<Event, 'source' | 'subject'>,
  { id, time, acknowledged, by, comment }: Statement,
): Event<AlertAcknowledged> {
  const said = comment === undefined ? {} : { comment }
  return {
    id,
    source: of.source,
    ...(of.subject === undefined ? {} : { subject: of.subject }),
    type: ALERT_ACKNOWLEDGED_TYPE,
    time,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(ALERT_ACKNOWLEDGED_TYPE),
    data: { alertId, fingerprint, rule, entity, acknowledged, by, ...said },
  }
}
