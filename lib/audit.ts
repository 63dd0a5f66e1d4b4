/** Action of an operator, as an event of the topic `events`. Pure. */

import type { Event } from '../packages/runtime/consumer/event.ts'
import type { Audit as AuditData } from '../schemas/types.ts'
import type { EventType } from './event-types.ts'
import { dataschemaOf } from './telemetry/dataschema.ts'

/** Every operation, by the name that its audit event has. docs/commands.md lists them. */
export const ACTIONS = [
  'alerts ack',
  'breaker reset',
  'dlq drop',
  'dlq export',
  'dlq redrive',
  'dlq stop',
  'publish',
  'replay',
  'replay stop',
  'reprocess',
  'reprocess discard',
  'rules save',
  'silence add',
  'silence end',
  'skip',
  'skip undo',
  'state drop',
  'state erase',
  'state export',
  'state import',
  'topics apply',
  'topics create',
  'topics grow',
] as const

export type Action = (typeof ACTIONS)[number]

export type Audit = AuditData & { readonly action: Action }

/** CloudEvents `type` of the event that an operator's command leaves behind. */
export const AUDIT_TYPE = 'io.sluice.audit.v1' satisfies EventType

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
