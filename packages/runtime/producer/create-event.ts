/** Makes events of the data of an application. Pure, except for new ids and the present time. */
import { newId, SYSTEM_CLOCK } from '../adapters/system.ts'
import { attributeViolation } from '../cloudevents/attributes.ts'
import { attributesOf, isFailure } from '../cloudevents/event.ts'
import { readJsonEvent } from '../cloudevents/json-format.ts'
import { isJson } from '../cloudevents/media-type.ts'
import { isTraceparent } from '../cloudevents/trace.ts'
import type { Event } from '../consumer/event.ts'
import { instant } from '../consumer/instant.ts'

/** A `CloudEvent` of the package `cloudevents`, or any object in the JSON format of CloudEvents. */
export interface CloudEventLike {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
}

/** Attributes of an event, beside its data. */
export interface EventOptions {
  /** CloudEvents `type`, such as `com.example.order.placed`. */
  readonly type?: string
  /** CloudEvents `source`: a URI-reference that names the producer. */
  readonly source?: string
  readonly subject?: string
  /** A new one by default. With an id of its own, an event that is published twice is counted once. */
  readonly id?: string
  /** RFC 3339; by default now. */
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  /** The trace to continue, as W3C Trace Context writes it. Without it a new trace starts here. */
  readonly traceparent?: string
  readonly tracestate?: string
  readonly extensions?: Readonly<Record<string, string>>
}

/** An event that cannot be published. The message names the attribute, and never contains data. */
export class InvalidEvent extends Error {
  override readonly name = 'InvalidEvent'
}

/** Returns an event with this data. @throws InvalidEvent if an attribute is missing or wrong */
export function createEvent(data: unknown, options: EventOptions): Event {
  const { type, source, traceparent, tracestate, extensions, ...attributes } = options
  if (type === undefined || source === undefined)
    throw new InvalidEvent(
      `an event needs a ${type === undefined ? 'type' : 'source'}: give it to createEvent, or as a default to the producer`,
    )
  const traced = {
    ...extensions,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
  }
  return checkedEvent({
    ...attributes,
    id: attributes.id ?? newId(),
    source,
    type,
    time: attributes.time ?? instant(SYSTEM_CLOCK.epochMs()),
    ...(data === undefined ? {} : { data }),
    ...(Object.keys(traced).length > 0 ? { extensions: traced } : {}),
  })
}

/** Returns the event in the form of this library. @throws InvalidEvent if it breaks a rule of CloudEvents, so that no consumer would take it */
export function eventOf(given: Event | CloudEventLike): Event {
  if (!('specversion' in given)) return checkedEvent(given)
  const { toJSON, time } = given as { readonly toJSON?: () => object; readonly time?: unknown }
  // The package cuts the time off after its milliseconds.
  const members = Object.entries(
    toJSON ? { ...toJSON.call(given), ...(time === undefined ? {} : { time }) } : given,
  )
  const event = readJsonEvent(Object.fromEntries(members.filter(([, value]) => value !== undefined)))
  if (isFailure(event)) throw new InvalidEvent(`not a CloudEvent: ${event.message}`)
  requireTraceparent(event)
  return withBytes(event)
}

/** Binary data is a buffer, and text in another format than JSON is its bytes, as readers get them in either mode. */
function withBytes(event: Event): Event {
  const { data, datacontenttype } = event
  if (Buffer.isBuffer(data)) return event
  if (data instanceof Uint8Array)
    return { ...event, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }
  const isText = typeof data === 'string' && datacontenttype !== undefined && !isJson(datacontenttype)
  return isText ? { ...event, data: Buffer.from(data) } : event
}

function checkedEvent(event: Event): Event {
  const broken = attributeViolation(attributesOf(event))
  if (broken) throw new InvalidEvent(`not a CloudEvent: ${broken}`)
  requireTraceparent(event)
  return withBytes(event)
}

const MAX_SHOWN_LENGTH = 60

function requireTraceparent({ extensions }: Event): void {
  const traceparent = extensions?.traceparent
  if (traceparent === undefined || isTraceparent(traceparent)) return
  throw new InvalidEvent(
    `traceparent "${traceparent.slice(0, MAX_SHOWN_LENGTH)}" is malformed: W3C Trace Context needs 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, ` +
      'lower case, neither id all zeros',
  )
}
