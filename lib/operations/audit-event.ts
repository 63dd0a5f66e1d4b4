/** Audit event, which records an action of an operator in the topic `events`. Pure. */

import type { Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import type { Audit } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'

export type { Audit }

export const AUDIT_TYPE = 'io.sluice.audit.v1' satisfies EventType

/**
 * Returns the audit event of an operation. The event id is derived from the operation and its end time, so that each part of a
 * resumed operation has its own event.
 */
export function auditEvent(audit: Audit): Event<Audit> {
  return {
    id: `${audit.operation}.${audit.endedAt}`,
    source: '/operators',
    subject: audit.by,
    type: AUDIT_TYPE,
    time: audit.endedAt,
    datacontenttype: 'application/json',
    dataschema: toDataschema(AUDIT_TYPE),
    data: audit,
  }
}
