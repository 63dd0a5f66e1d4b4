/** What an operator did, as an event of the topic `events`. Pure. */
import type { Audit } from '../schemas/types.ts'
import type { Event } from './runtime/consumer/event.ts'
import { dataschemaOf } from './telemetry/dataschema.ts'

export type { Audit }

/** CloudEvents `type` of the event that an operator's command leaves behind. */
export const AUDIT_TYPE = 'io.sluice.audit.v1'

/** The event for an operation. Its id is derived from the operation and its end, so each part of a resumed one leaves its own. */
export function auditEvent(audit: Audit): Event<Audit> {
  return {
    id: `${audit.operation}.${audit.endedAt}`,
    source: '/operators',
    subject: audit.by,
    type: AUDIT_TYPE,
    time: audit.endedAt,
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(AUDIT_TYPE),
    data: audit,
  }
}
