/**
 * Converts records to lines of a recording, and lines back to records. A line preserves the exact bytes, position and time of a
 * record. Pure.
 */

import { isUtf8 } from 'node:buffer'
import type { LogRecord, RecordHeader } from '#runtime/cloudevents'
import { isObject } from '../../../lib/support/json.ts'
import { type BytesView, toBytesView, toHeaderView } from './bytes-view.ts'

/**
 * Converts a record to a line without a line break:
 * `{"topic":…,"partition":…,"offset":…,"timestamp":…,"key":…,"headers":[…],"value":…}`.
 *
 * @param more further members for people. They are ignored when the line is read.
 */
export function formatRecordedLine(record: LogRecord, more: object = {}): string {
  const { topic, partition, offset, timestampMs, key, headers, value, oversizeBytes } = record
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    key: key && toBytesView(key),
    headers: headers.map(toHeaderView),
    value: value && toJsonOrBase64(value),
    ...(oversizeBytes === undefined ? {} : { oversizeBytes }),
    ...more,
  })
}

/** Returns whether a parsed line is intended as a recorded record. In contrast, an event has neither a partition nor an offset. */
export function isRecordedLine(parsed: unknown): boolean {
  return isObject(parsed) && 'partition' in parsed && 'offset' in parsed && !('specversion' in parsed)
}

/** Converts a parsed line to a record. Returns an error message for an invalid line. */
export function readRecordedLine(parsed: unknown): LogRecord | string {
  if (!isObject(parsed)) return 'not a recorded record'
  const { topic, partition, offset, timestamp, headers, oversizeBytes } = parsed
  if (oversizeBytes !== undefined) return `its record was too large to be recorded (${oversizeBytes} bytes)`
  if (typeof topic !== 'string' || topic === '') return '"topic" must be a string'
  if (!isCount(partition) || !isCount(offset) || !isCount(timestamp))
    return '"partition", "offset" and "timestamp" must be whole numbers from 0 on'
  const [key, value] = [decodeBytes(parsed.key), decodeBytes(parsed.value)]
  if (key === undefined) return '"key" must be null, {"text":…} or {"base64":…}'
  if (value === undefined) return '"value" must be null, {"text":…} or {"base64":…}'
  const read = Array.isArray(headers) ? headers.map(parseHeader) : [undefined]
  if (!read.every(header => header !== undefined))
    return '"headers" must be a list of {"name":…,"text":…} or {"name":…,"base64":…}'
  return { topic, partition, offset, timestampMs: timestamp, key, value, headers: read }
}

function toJsonOrBase64(bytes: Buffer): BytesView {
  return isUtf8(bytes) && isJson(bytes.toString())
    ? { text: bytes.toString() }
    : { base64: bytes.toString('base64') }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function parseHeader(entry: unknown): RecordHeader | undefined {
  if (!isObject(entry) || typeof entry.name !== 'string') return undefined
  const bytes = entry.text === null ? null : decodeBytes(entry)
  return bytes === undefined ? undefined : [entry.name, bytes]
}

/**
 * Decodes bytes; undefined if the input is invalid. `Buffer.from` skips characters that are not base64, so the result is encoded
 * again and compared.
 */
function decodeBytes(view: unknown): Buffer | null | undefined {
  if (view === null) return null
  if (!isObject(view)) return undefined
  const { text, base64 } = view
  if (typeof text === 'string') return text.isWellFormed() ? Buffer.from(text) : undefined
  if (typeof base64 !== 'string') return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
