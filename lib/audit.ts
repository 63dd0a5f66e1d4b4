/** What an operator did, as an event of the topic `events`. Pure. */
import type { Event } from './runtime/consumer/event.ts'
import { dataschemaOf } from './telemetry/dataschema.ts'

/** CloudEvents `type` of the event that an operator's command leaves behind. */
export const AUDIT_TYPE = 'io.sluice.audit.v1'

/** Data of the event. */
export interface Audit {
  /** What was done, as the command names it: `dlq redrive`. */
  readonly action: string
  readonly by: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly endedAt: string
  /** Identifies what was done; the same if it was stopped and resumed. */
  readonly operation: string
  /** What it was limited to, by the names of the options. */
  readonly filter: Readonly<Record<string, string>>
  /** How many, by what became of them. */
  readonly counts: Readonly<Record<string, number>>
}

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
