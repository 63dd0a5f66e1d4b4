/** Audit event, which records an action of an operator in the topic `events`. Pure. */

import type { Event } from '#runtime/consumer'
import type { EventType } from '../schemas/event-types.ts'
import type { Audit as AuditData } from '../schemas/types.ts'
import { toDataschema } from '../telemetry/dataschema.ts'

/** Names of all operations, as used in audit events. `docs/commands.md` lists them. */
export const ACTIONS = [
  'dlq drop',
  'dlq redrive',
  'reprocess',
  'schemas register',
  'silence add',
  'silence end',
  'skip',
  'skip undo',
  'state drop',
  // Only in audit events of earlier versions.
  'state erase',
  'topics apply',
  'topics create',
  'views apply',
  'views drop',
] as const

export type Action = (typeof ACTIONS)[number]

export type Audit = AuditData & { readonly action: Action }

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
