/** Step 2: a record becomes a strict CloudEvent with its fingerprint, or a fault with its code. Pure. */

import { parseTime } from '../cloudevents/attributes.ts'
import { isFault } from '../cloudevents/event.ts'
import { readEvent } from '../cloudevents/reader.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { schemaFault } from '../cloudevents/schemas.ts'
import { type Event, entityOf, type Received } from '../domain/event.ts'
import { type Fault, fault } from '../domain/failure/codes.ts'
import { fingerprint } from './fingerprint.ts'
import type { Fingerprint } from './ports.ts'

export type Decoded =
  | { readonly record: LogRecord; readonly event: Received; readonly fingerprint: Fingerprint }
  | { readonly record: LogRecord; readonly fault: Fault; readonly event?: Event }

/**
 * @param futureToleranceMs how far an event's time may lie after its record's: beyond it, one bad clock would make
 *   every later reading of its entity look late
 */
export function decode(record: LogRecord, futureToleranceMs: number): Decoded {
  const event = readEvent(record)
  if (isFault(event)) return { record, fault: event }
  const broken = schemaFault(event.type, event.data)
  if (broken) return { record, event, fault: fault('schema-violated', broken) }
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  if (timeMs > record.timestampMs + futureToleranceMs)
    return {
      record,
      event,
      fault: fault(
        'time-in-future',
        `"time" is ${timeMs - record.timestampMs} ms after the record's timestamp`,
      ),
    }
  return { record, event: { ...event, timeMs, entity: entityOf(event) }, fingerprint: fingerprint(event) }
}
