/** One record of a log as one line of a recording: byte for byte, with its place and time. Pure. */
import { isUtf8 } from 'node:buffer'
import { bufferOf } from '../../packages/runtime/cloudevents/header-bytes.ts'
import type { LogRecord, RecordHeader } from '../../packages/runtime/cloudevents/record.ts'
import { type BytesView, bytesView } from './bytes-view.ts'

/** `{"topic":…,"partition":…,"offset":…,"timestamp":…,"key":…,"headers":[…],"value":…}`, without a line end. */
export function recordedLine(record: LogRecord): string {
  const { topic, partition, offset, timestampMs, key, headers, value, oversizeBytes } = record
  return JSON.stringify({
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    key: key && bytesView(key),
    headers: headers.map(([name, bytes]) => ({ name, ...bytesView(bufferOf(bytes)) })),
    value: value && jsonOrBase64(value),
    ...(oversizeBytes === undefined ? {} : { oversizeBytes }),
  })
}

/** Whether a line can be meant as a recorded record. An event has neither a partition nor an offset. */
export function isRecordedLine(parsed: unknown): boolean {
  return isObject(parsed) && 'partition' in parsed && 'offset' in parsed && !('specversion' in parsed)
}

/** @returns the record of the line, or the problem of an invalid line */
export function readRecordedLine(parsed: unknown): LogRecord | string {
  if (!isObject(parsed)) return 'not a recorded record'
  const { topic, partition, offset, timestamp, headers, oversizeBytes } = parsed
  if (oversizeBytes !== undefined) return `its record was too large to be recorded (${oversizeBytes} bytes)`
  if (typeof topic !== 'string' || topic === '') return '"topic" must be a text'
  if (!isCount(partition) || !isCount(offset) || !isCount(timestamp))
    return '"partition", "offset" and "timestamp" must be whole numbers from 0 on'
  const [key, value] = [bytesIn(parsed.key), bytesIn(parsed.value)]
  if (key === undefined) return '"key" must be null, {"text":…} or {"base64":…}'
  if (value === undefined) return '"value" must be null, {"text":…} or {"base64":…}'
  const read = Array.isArray(headers) ? headers.map(headerIn) : [undefined]
  if (!read.every(header => header !== undefined))
    return '"headers" must be a list of {"name":…,"text":…} or {"name":…,"base64":…}'
  return { topic, partition, offset, timestampMs: timestamp, key, value, headers: read }
}

function jsonOrBase64(bytes: Buffer): BytesView {
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

function headerIn(entry: unknown): RecordHeader | undefined {
  const bytes = bytesIn(entry)
  const name = isObject(entry) ? entry.name : undefined
  return bytes && typeof name === 'string' ? [name, bytes] : undefined
}

/** Undefined if it is not of the form. `Buffer.from` would skip whatever is not base64, so the text is compared with what was read. */
function bytesIn(view: unknown): Buffer | null | undefined {
  if (view === null) return null
  if (!isObject(view)) return undefined
  const { text, base64 } = view
  if (typeof text === 'string') return text.isWellFormed() ? Buffer.from(text) : undefined
  if (typeof base64 !== 'string') return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
