/**
 * Event that acknowledges an alert, or withdraws an acknowledgement. It is published to the alerts topic, like all other events of
 * the alert.
 */

import type { Event } from '../../packages/runtime/consumer/event.ts'
import type { AlertAcknowledged } from '../../schemas/types.ts'
import type { EventType } from '../event-types.ts'
import { dataschemaOf } from '../telemetry/dataschema.ts'
import type { Alert } from './alert.ts'

export type { AlertAcknowledged }

export const ALERT_ACKNOWLEDGED_TYPE = 'io.sluice.alert.acknowledged.v1' satisfies EventType

export interface Acknowledgement {
  readonly by: string
  readonly comment?: string
  /** Time of the acknowledgement, RFC 3339. */
  readonly at: string
}

/** Request to acknowledge an alert or to withdraw the acknowledgement. */
export interface Statement extends Pick<AlertAcknowledged, 'acknowledged' | 'by' | 'comment'> {
  /** Id of the acknowledging event. */
  readonly id: string
  /** Event time, RFC 3339. */
  readonly time: string
}

/**
 * Returns the event that acknowledges an alert. It has the source and subject of the alert's other events, so that every process
 * with state of the alert receives it.
 *
 * @param of source and subject of the event that fired the alert
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
