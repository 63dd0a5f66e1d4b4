/** Converts alerts, dead letters and other events to flat documents in snake_case, for people and for tools that expect them. Pure. */

import type { LogRecord } from '#runtime/cloudevents'
import type { Event, Failure } from '#runtime/consumer'
import { DEAD_LETTER_TYPE, FAILURE_TYPE } from '../../../lib/failures/event-types.ts'
import { toBytesView } from './bytes-view.ts'

type FlatDocument = Readonly<Record<string, unknown>>

/** Returns the members of an object and of its nested objects, for example `location_site` for `location.site`. */
export function toFlatDocument(value: object): FlatDocument {
  return Object.fromEntries(listMembers(value, ''))
}

/** Returns the data of an event, and its attributes with the prefix `event_`. */
export function toFlatEvent({ id, source, type, subject, time, data }: Event): FlatDocument {
  const attributes = listMembers({ id, source, type, subject, time }, 'event_')
  const isFailure = type === DEAD_LETTER_TYPE || type === FAILURE_TYPE
  const content = isFailure ? showOriginalBytes(data as OriginalText) : data
  return Object.fromEntries([
    ...attributes,
    ...listMembers(isPlain(content) ? content : { data: content }, ''),
  ])
}

/** Returns what is known about a record without a readable event, with the names of a dead letter. */
export function toFlatFailure(record: LogRecord, { code, message }: Failure): FlatDocument {
  return toFlatDocument({
    originalTopic: record.topic,
    originalPartition: record.partition,
    originalOffset: record.offset,
    originalTimestamp: record.timestampMs,
    originalKey: formatBytes(record.key),
    originalValue: formatBytes(record.value),
    errorType: code,
    error: message,
  })
}

/** Bytes of the original record in a failure, in base64. */
interface OriginalText {
  readonly originalKey: string | null
  readonly originalValue: string | null
  readonly originalHeaders: readonly { readonly name: string; readonly value: string | null }[]
}

/** Returns a failure whose original bytes are the text that they are. Bytes that are not text stay base64. */
function showOriginalBytes(data: OriginalText): object {
  const show = (text: string | null) => (text === null ? null : formatBytes(Buffer.from(text, 'base64')))
  return {
    ...data,
    originalKey: show(data.originalKey),
    originalValue: show(data.originalValue),
    originalHeaders: Object.fromEntries(data.originalHeaders.map(({ name, value }) => [name, show(value)])),
  }
}

function formatBytes(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  const view = toBytesView(bytes)
  return 'text' in view ? view.text : view.base64
}

function listMembers(value: object, prefix: string): [name: string, value: unknown][] {
  return Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    const flat = `${prefix}${name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)}`
    if (isPlain(member)) return listMembers(member, `${flat}_`)
    if (Buffer.isBuffer(member)) return [[flat, formatBytes(member)]]
    if (Array.isArray(member))
      return [[flat, member.map(value => (isPlain(value) ? toFlatDocument(value) : value))]]
    return member === undefined ? [] : [[flat, member]]
  })
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value)
}
