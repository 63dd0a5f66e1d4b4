/** A reading that a person has written, as an event: checked as a consumer would. Pure. */
import { readData } from '../../../lib/app/event-data.ts'
import { FAMILIES, type FamilyName, type ReadingData } from '../../../lib/telemetry/families.ts'
import { reading } from '../../../lib/telemetry/reading.ts'
import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readJsonEvent, toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { isTraceparent, startedTrace } from '../../../packages/runtime/cloudevents/trace.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { ProblemError } from '../problem.ts'

export interface WrittenReading {
  readonly family: FamilyName
  readonly data: ReadingData
  readonly id: string
  /** RFC 3339. */
  readonly time: string
  /** Its trace; without one, it begins a trace of its own. */
  readonly traceparent?: string | undefined
}

/** @throws ProblemError saying what a consumer would refuse */
export function writtenEvent({ family: name, data, id, time, traceparent }: WrittenReading): Event {
  const family = FAMILIES[name]
  const checked = readData({ type: family.type, data } as Event)
  if (checked.kind === 'failure') throw refused(`The reading does not fit its schema: ${checked.message}.`)
  if (traceparent !== undefined && !isTraceparent(traceparent))
    throw refused(
      'traceparent: must be one of W3C Trace Context: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, in lower case.',
    )
  const event = reading(family, id, time, data)
  const traced = {
    ...event,
    extensions: traceparent === undefined ? startedTrace(event) : { traceparent },
  }
  const read = readJsonEvent(JSON.parse(JSON.stringify(toJsonEvent(traced))))
  if (isFailure(read)) throw refused(`The reading is not a CloudEvent: ${read.message}.`)
  return traced
}

function refused(message: string): ProblemError {
  return new ProblemError('bad-request', message)
}
