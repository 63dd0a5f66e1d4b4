/** Step 2: a record becomes a strict CloudEvent with its fingerprint, or a fault with its code. Pure. */

import { parseTime } from '../cloudevents/attributes.ts'
import { isFault } from '../cloudevents/event.ts'
import { readEvent } from '../cloudevents/reader.ts'
import type { LogRecord } from '../cloudevents/record.ts'
import { type Aim, aimOf } from '../cloudevents/redrive.ts'
import { schemaFault } from '../cloudevents/schemas.ts'
import { type Event, entityOf, type Received } from '../domain/event.ts'
import { bug, type Fault, fault } from '../domain/failure/codes.ts'
import { instant } from '../domain/instant.ts'
import { familyOf } from '../domain/telemetry/families.ts'
import { inOwnUnits } from '../domain/telemetry/own-units.ts'
import { TICK_TYPE } from '../domain/telemetry/tick.ts'
import type { Consumer } from './consumer.ts'
import { DEEPEST_NESTING, fingerprint, NestedTooDeeply } from './fingerprint.ts'
import { largeAttribute } from './limits.ts'
import type { Fingerprint } from './ports.ts'

/** A record that is to be applied. */
export interface Healthy extends Origin {
  readonly event: Received
  readonly fingerprint: Fingerprint
}

interface Origin {
  readonly record: LogRecord
  /** Set where the record is redriven. */
  readonly aim?: Aim
}

type Ignored = 'tick' | 'not-mine' | 'before-start' | 'redriven-for-another'

export type Decoded =
  | Healthy
  | (Origin & { readonly event?: Event; readonly ignored: Ignored })
  | (Origin & { readonly event?: Event; readonly fault: Fault })

/** What a consumer wants of decoding. */
type Expectations = Pick<Consumer, 'futureToleranceMs' | 'earliestTimeMs' | 'sinceMs'> & {
  readonly process: { readonly name: string; readonly accepts: readonly string[] }
}

/** Never throws: a record that breaks the decoder is that record's failure, and must not hold up its partition. */
export function decode(record: LogRecord, consumer: Expectations): Decoded {
  const aim = aimOf(record)
  if (aim && aim.consumer !== consumer.process.name) return { record, aim, ignored: 'redriven-for-another' }
  if (consumer.sinceMs !== undefined && record.timestampMs < consumer.sinceMs)
    return { record, ignored: 'before-start' }
  return { record, ...(aim ? { aim } : {}), ...read(record, consumer) }
}

type Content =
  | { readonly event: Received; readonly fingerprint: Fingerprint }
  | { readonly event: Event; readonly ignored: 'tick' | 'not-mine' }
  | { readonly event?: Event; readonly fault: Fault }

function read(record: LogRecord, consumer: Expectations): Content {
  try {
    const event = readEvent(record)
    return isFault(event) ? { fault: event } : understood(record, event, consumer)
  } catch (error) {
    if (error instanceof NestedTooDeeply)
      return {
        fault: fault('malformed-event', `the data is nested more than ${DEEPEST_NESTING} levels deep`),
      }
    return { fault: bug(error) }
  }
}

function understood(record: LogRecord, event: Event, consumer: Expectations): Content {
  const { futureToleranceMs, earliestTimeMs, process } = consumer
  const measured = dataOf(event)
  if ('fault' in measured) return { event, fault: measured.fault }
  if (event.type === TICK_TYPE) return { event, ignored: 'tick' }
  if (!process.accepts.includes(event.type)) return { event, ignored: 'not-mine' }
  const timeMs = event.time === undefined ? record.timestampMs : parseTime(event.time)
  const large = largeAttribute(event)
  if (large) return { event, fault: fault('attributes-too-large', large) }
  const aheadMs = timeMs - record.timestampMs
  // One bad clock would make every later reading of its entity look late.
  if (aheadMs > futureToleranceMs)
    return { event, fault: fault('time-in-future', `"time" is ${aheadMs} ms after the record's timestamp`) }
  // All timers between that time and the next event of its entity would be due at once.
  if (timeMs < earliestTimeMs)
    return { event, fault: fault('time-too-early', `"time" is before ${instant(earliestTimeMs)}`) }
  const received = { ...event, data: measured.data, timeMs, entity: entityOf(event) }
  // Of the event as it was sent: what is remembered must not change with the table of units.
  return { event: received, fingerprint: fingerprint(event) }
}

/** What consumers see as the data of an event: that of a reading is in the units of its family. */
function dataOf({ type, data }: Event): { readonly data: unknown } | { readonly fault: Fault } {
  const family = familyOf(type)
  const converted = family ? inOwnUnits(family, data) : { data }
  if ('fault' in converted) return converted
  const broken = schemaFault(type, converted.data)
  if (!broken) return converted
  const from = 'from' in converted ? ` (converted from ${converted.from})` : ''
  return { fault: fault('schema-violated', `${broken}${from}`) }
}
