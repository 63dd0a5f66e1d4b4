/** Whether a record carries a CloudEvent that a consumer would accept, by its envelope. Pure. */
import { isFailure } from '../../lib/runtime/cloudevents/event.ts'
import { readEvent } from '../../lib/runtime/cloudevents/reader.ts'
import type { LogRecord } from '../../lib/runtime/cloudevents/record.ts'
import type { Application } from '../../lib/runtime/consumer/application.ts'
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { type Failure, type FailureCode, failure } from '../../lib/runtime/consumer/failure-codes.ts'
import {
  DEEPEST_NESTING,
  fingerprint,
  NestedTooDeeply,
} from '../../lib/runtime/pipeline/deciding/fingerprint.ts'
import { largeAttribute } from '../../lib/runtime/pipeline/deciding/limits.ts'
import { type EventDocument, eventDocument } from './document.ts'

interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** What `inspect --json` prints of each record. */
export type Verdict =
  | (Place & { readonly accepted: true; readonly event: EventDocument })
  | (Place & { readonly accepted: false; readonly code: FailureCode; readonly reason: string })

/**
 * Judges the record as consumers do before they look at its type, its time and what they remember.
 *
 * @param readData judges the data, too
 */
export function verdictOn(record: LogRecord, readData?: Application['readData']): Verdict {
  const { topic, partition, offset } = record
  const place = { topic, partition, offset }
  const event = readEvent(record)
  const refused = isFailure(event) ? event : refusal(event, readData)
  if (refused) return { ...place, accepted: false, code: refused.code, reason: refused.message }
  return { ...place, accepted: true, event: eventDocument(event as Event, record) }
}

/** In the order in which a consumer looks at an event. */
function refusal(event: Event, readData: Application['readData'] | undefined): Failure | undefined {
  const data = readData?.(event)
  if (data?.kind === 'failure') return data
  const large = largeAttribute(event)
  if (large) return failure('attributes-too-large', large)
  try {
    fingerprint(event)
    return undefined
  } catch (error) {
    if (!(error instanceof NestedTooDeeply)) throw error
    return failure('malformed-event', `the data is nested more than ${DEEPEST_NESTING} levels deep`)
  }
}
