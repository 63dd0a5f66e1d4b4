/** Audit event, which records an action of an operator in the topic `events`. Pure. */

import type { Event } from '#runtime/consumer'
import type { Audit } from '../../lib/schemas/types.ts'
import { toDataschema } from '../../lib/telemetry/index.ts'
import { AUDIT_TYPE } from '../queries/records/unended-operations.ts'

export type { Audit }

/**
 * Returns an audit event of an operation. The event id is derived from the operation, its time and whether it begins, so that each
 * part of a resumed operation has its own events.
 */
export function auditEvent(audit: Audit): Event<Audit> {
  return {
    id: `${audit.operation}.${audit.endedAt}${audit.outcome === 'begun' ? '.begun' : ''}`,
    source: '/operators',
    subject: audit.by,
    type: AUDIT_TYPE,
    time: audit.endedAt,
    datacontenttype: 'application/json',
    dataschema: toDataschema(AUDIT_TYPE),
    data: audit,
  }
}
