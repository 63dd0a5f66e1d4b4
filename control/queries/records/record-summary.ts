/** Summarises a record in one line of text. Pure. */
import { formatBytesView } from './bytes-view.ts'
import type { RecordView } from './record-view.ts'

/** Returns the event's data as names and values, most informative first. For a record without an event, returns its value. */
export function formatRecordSummary({ event, value }: Pick<RecordView, 'event' | 'value'>): string {
  if (event) return formatData(event)
  return value === null ? 'no value (tombstone)' : formatBytesView(value)
}

/** Returns a short name for an event type. For example, `io.sluice.greenhouse.reading.v1` becomes `greenhouse.reading`. */
export function shortenType(type: string): string {
  return type.replace(/^io\.sluice\.(.+)\.v\d+$/, '$1')
}

function formatData({ data, data_base64: base64 }: Readonly<Record<string, unknown>>): string {
  if (base64 !== undefined) return `base64:${base64}`
  if (typeof data !== 'object' || data === null) return data === undefined ? '' : formatScalar(data)
  if (Array.isArray(data)) return JSON.stringify(data)
  return Object.entries(data)
    .sort((a, b) => rank(b) - rank(a))
    .map(([name, value]) => `${name}=${formatScalar(value)}`)
    .join(' ')
}

/**
 * Names of the most informative fields, such as the reason of a failure. They are shown first, followed by other numbers and words,
 * and then by all other fields.
 */
const TELLING = ['comment', 'by', 'summary', 'error', 'consumer', 'errorType']

function rank([name, value]: readonly [string, unknown]): number {
  const isPlain = typeof value !== 'object' || value === null
  return TELLING.indexOf(name) + (isPlain ? 2 : 0)
}

function formatScalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
