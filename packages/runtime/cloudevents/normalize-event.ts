/** Checks events of an application before they are published, and converts them to the form of this library. Pure. */
import type { Event } from '../consumer/event.ts'
import { isFailure } from './event.ts'
import { readJsonEvent } from './json-format.ts'
import { InvalidEvent } from './json-text.ts'
import { isTraceparent } from './trace.ts'

/** A `CloudEvent` of the `cloudevents` package, or any object in the JSON format of CloudEvents. */
export interface CloudEventLike {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
}

/**
 * Converts an event to the form that this library uses.
 *
 * @throws InvalidEvent if the event violates a rule of CloudEvents, so that no consumer would accept it
 */
export function normalizeEvent(input: Event | CloudEventLike): Event {
  const { data } = input as Event
  // The bytes of our own form stay bytes, also if they are JSON.
  const bytes = !('specversion' in input) && ArrayBuffer.isView(data) ? toBuffer(data) : undefined
  const event = readJsonEvent(createDocument('specversion' in input ? input : flatten(input)))
  if (isFailure(event)) throw new InvalidEvent(`not a CloudEvent: ${event.message}`)
  return requireTraceparent(bytes ? { ...event, data: bytes } : event)
}

function flatten({ data, extensions = {}, ...attributes }: Event): object {
  const noName = ['data', 'data_base64'].find(name => name in extensions)
  if (noName) throw new InvalidEvent(`not a CloudEvent: "${noName}" is not an attribute name`)
  const document = { specversion: '1.0', ...attributes, ...extensions }
  return ArrayBuffer.isView(data) ? document : { ...document, data }
}

/**
 * Returns the event as a parsed document in the JSON format. The method `toJSON` of the package is not used, because it truncates
 * the time to milliseconds, and fails for a leap second.
 */
function createDocument(event: object): object {
  const document: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(event)) if (value !== undefined) document[name] = toJson(value)
  // The package has binary data in both members, and truncates the elements of arrays that are not arrays of bytes.
  if ('data' in event && ArrayBuffer.isView(event.data)) {
    document.data_base64 = document.data
    delete document.data
  }
  return document
}

/** Returns the canonical string of a timestamp or of binary data ("Type System"), and any other value unchanged. */
function toJson(value: unknown): unknown {
  // An invalid date has no string, so it is rejected later.
  if (value instanceof Date) return value.toJSON() ?? value
  return ArrayBuffer.isView(value) ? toBuffer(value).toString('base64') : value
}

function toBuffer({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

const MAX_SHOWN_LENGTH = 60

function requireTraceparent(event: Event): Event {
  const traceparent = event.extensions?.traceparent
  if (traceparent === undefined || isTraceparent(traceparent)) return event
  throw new InvalidEvent(
    `traceparent "${traceparent.slice(0, MAX_SHOWN_LENGTH)}" is malformed: W3C Trace Context needs 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, ` +
      'lower case, neither id all zeros',
  )
}
