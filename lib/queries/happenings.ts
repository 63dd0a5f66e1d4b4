/** Extracts events about entities from records of the topic `events`. Pure. */
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { entityOf } from '../../packages/runtime/consumer/event.ts'
import { instant } from '../../packages/runtime/consumer/instant.ts'
import type { ReadRecord } from './entity-log.ts'

export interface Happening {
  /** Event id. */
  readonly id: string
  readonly type: string
  /** Event time, RFC 3339. */
  readonly at: string
  /** Entity of the event: source and subject, separated by a space. */
  readonly entity: string
  /** Strings and numbers in the event's data, by field. */
  readonly details: Readonly<Record<string, string | number>>
}

/** Returns the event in a record; undefined if the record is not an event about an entity. */
export function happeningIn({ record, event }: ReadRecord): Happening | undefined {
  if (isFailure(event) || typeof event.data !== 'object' || event.data === null) return undefined
  const { entity, ...fields } = event.data as Readonly<Record<string, unknown>>
  const { source, subject } = (entity ?? {}) as { source?: unknown; subject?: unknown }
  if (typeof source !== 'string') return undefined
  const details = Object.entries(fields).filter(isSimple)
  return {
    id: event.id,
    type: event.type,
    at: event.time ?? instant(record.timestampMs),
    entity: entityOf({ source, ...(typeof subject === 'string' ? { subject } : {}) }),
    details: Object.fromEntries(details),
  }
}

function isSimple(field: [string, unknown]): field is [string, string | number] {
  return typeof field[1] === 'string' || typeof field[1] === 'number'
}
