/** Step 2: a record becomes a strict CloudEvent with its fingerprint, or a fault with its code. Pure. */

import { parseTime } from '../cloudevents/attributes.ts'
import { isFault } from '../cloudevents/event.ts'
import { readEvent } from '../cloudevents/reader.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { schemaFault } from '../cloudevents/schemas.ts'
import { type Event, entityOf, type Received } from '../domain/event.ts'
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import { TICK_TYPE } from '../domain/telemetry/tick.ts'
import type { Consumer } from './consumer.ts'
import { fingerprint } from './fingerprint.ts'
import type { Fingerprint } from './ports.ts'

export type Decoded =
  | { readonly record: LogRecord; readonly event: Received; readonly fingerprint: Fingerprint }
  | { readonly record: LogRecord; readonly event: Event; readonly ignored: 'tick' | 'not-mine' }
  | { readonly record: LogRecord; readonly event?: Event; readonly fault: Fault }

/** What a consumer wants of decoding. */
type Expectations = Pick<Consumer, 'futureToleranceMs'> & {
  readonly process: { readonly accepts: readonly string[] }
}

/** Never throws: a record that breaks the decoder is that record's failure, and must not hold up its partition. */
export function decode(record: LogRecord, consumer: Expectations): Decoded {
  try {
    const event = readEvent(record)
    return isFault(event) ? { record, fault: event } : { record, ...understood(record, event, consumer) }
  } catch (error) {
    // Data that is nested thousands of levels deep can be parsed, but not walked.
    if (error instanceof RangeError)
      return { record, fault: fault('malformed-event', 'the data is nested too deeply to be read') }
    return { record, fault: bug(error) }
  }
}

type Understood =
  | { readonly event: Received; readonly fingerprint: Fingerprint }
  | { readonly event: Event; readonly ignored: 'tick' | 'not-mine' }
  | { readonly event: Event; readonly fault: Fault }

function understood(
  record: LogRecord,
  event: Event,
  { futureToleranceMs, process }: Expectations,
): Understood {
  const broken = schemaFault(event.type, event.data)
  if (broken) return { event, fault: fault('schema-violated', broken) }
  if (event.type === TICK_TYPE) return { event, ignored: 'tick' }
  if (!process.accepts.includes(event.type)) return { event, ignored: 'not-mine' }
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  const aheadMs = timeMs - record.timestampMs
  // One bad clock would make every later reading of its entity look late.
  if (aheadMs > futureToleranceMs)
    return { event, fault: fault('time-in-future', `"time" is ${aheadMs} ms after the record's timestamp`) }
  return { event: { ...event, timeMs, entity: entityOf(event) }, fingerprint: fingerprint(event) }
}
