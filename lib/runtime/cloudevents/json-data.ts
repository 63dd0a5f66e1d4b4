import { dataFormatOf, MEDIA_TYPES } from '../consumer/data-format.ts'
import type { Event } from '../consumer/event.ts'
import type { Failure } from '../consumer/failure-codes.ts'
import { parsedJson } from './json-format.ts'

/** The event with data that is still bytes of JSON. */
export function withJsonData(event: Event, body: Buffer): Event | Failure {
  const parsed = parsedJson(body)
  return parsed.kind === 'failure' ? parsed : { ...inJson(event), data: parsed.value }
}

/** The event with a content type of JSON: its own, or the usual one. */
export function inJson(event: Event): Event {
  const isJson = dataFormatOf(event.datacontenttype ?? '') === 'json'
  return isJson ? event : { ...event, datacontenttype: MEDIA_TYPES.json }
}
