/** Decides whether a record contains a CloudEvent that a consumer accepts, judging by its envelope. Pure. */
import { readData } from '../../lib/app/event-data.ts'
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../packages/runtime/consumer/event.ts'
import { type Failure, type FailureCode, failure } from '../../packages/runtime/consumer/failure-codes.ts'
import { fingerprint, NESTED_TOO_DEEPLY } from '../../packages/runtime/pipeline/deciding/fingerprint.ts'
import { largeAttribute } from '../../packages/runtime/pipeline/deciding/limits.ts'
import { type EventDocument, eventDocument } from './document.ts'

interface RecordPosition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Document of `inspect --json` for each record. */
export type Verdict =
  | (RecordPosition & { readonly accepted: true; readonly event: EventDocument })
  | (RecordPosition & { readonly accepted: false; readonly code: FailureCode; readonly reason: string })

/**
 * Makes the checks of a consumer that precede those of type, time and state.
 *
 * @param plain event with decoded data, or the reason why its data cannot be read; if given, the data must
 * also match the schema of its type
 */
export function verdictOn(record: LogRecord, plain?: Event | Failure): Verdict {
  const { topic, partition, offset } = record
  const place = { topic, partition, offset }
  const sent = readEvent(record)
  const event = plain ?? sent
  const refused = isFailure(event) ? event : ((plain && dataRefusal(event)) ?? refusal(event))
  if (refused) return { ...place, accepted: false, code: refused.code, reason: refused.message }
  return { ...place, accepted: true, event: eventDocument(event as Event, sent as Event, record) }
}

function dataRefusal(event: Event): Failure | undefined {
  const data = readData(event)
  return data.kind === 'failure' ? data : undefined
}

function refusal(event: Event): Failure | undefined {
  const large = largeAttribute(event)
  if (large) return failure('attributes-too-large', large)
  return fingerprint(event) ? undefined : NESTED_TOO_DEEPLY
}
