/**
 * Converts rows to values of columns, and back. A value that does not fit its column exactly is in the column `rest`, a JSON object
 * with these keys, each of which is absent if it is not needed:
 * - `data`: fields that have no column, as an object of the same form as the data; or the whole data if it is not an object
 * - `bytes`: data that is not JSON, in Base64
 * - `time`: the event's time, if it is not written as `2026-11-24T10:00:00.000Z`
 * - `headers`: pairs of name and value, in Base64 or null
 * - `key`: key in Base64, if it is not valid UTF-8
 * - `value`, `code`: bytes of the record in Base64 (null for a tombstone), and the code of the failure: see `HistoryRow.raw`
 *
 * Pure.
 */

import { fromBase64, isTimestamp, parseTime, type RecordHeader, toBase64 } from '#runtime/cloudevents'
import { type Event, instant } from '#runtime/consumer'
import { isEmpty, isObject } from '../support/json.ts'
import type { ColumnType, DataColumn } from './columns.ts'
import type { HistoryRow } from './row.ts'

/** Value of a column in a row. `TIMESTAMP` and `INT64` are numbers. */
export type ColumnValue = string | number | boolean | null

interface Rest {
  data?: unknown
  bytes?: string
  time?: string
  headers?: readonly (readonly [string, string | null])[]
  key?: string
  value?: string | null
  code?: string
}

/**
 * Largest time that every reader of the files can express. Some producers write nanoseconds into the timestamps of records, which
 * would end a query over all records.
 */
const MAX_TIME_MS = 8.64e15

/** Field of the data: its columns, of which a value takes the first one that it fits, and the fields within it. */
interface Field {
  readonly columns: DataColumn[]
  readonly fields: Map<string, Field>
}

/** Trees by the columns of a table. */
const trees = new WeakMap<readonly DataColumn[], Field>()

function getFieldTree(columns: readonly DataColumn[]): Field {
  const known = trees.get(columns)
  if (known) return known
  const tree: Field = { columns: [], fields: new Map() }
  for (const column of columns) {
    let field = tree
    for (const part of column.path) {
      const inner = field.fields.get(part) ?? { columns: [], fields: new Map() }
      field.fields.set(part, inner)
      field = inner
    }
    field.columns.push(column)
  }
  trees.set(columns, tree)
  return tree
}

/** Calls `set` with each value of the row that is not null. @param columns columns of the table's data */
export function writeRow(
  columns: readonly DataColumn[],
  row: HistoryRow,
  set: (column: string, value: Exclude<ColumnValue, null>) => void,
): void {
  const rest: Rest = {}
  const { topic, partition, offset, timestampMs, key, event, headers, raw } = row
  set('topic', topic)
  set('partition', partition)
  set('offset', offset)
  set('timestamp', Math.min(timestampMs, MAX_TIME_MS))
  if (key !== null) {
    const text = key.toString()
    if (isExact(text, key)) set('key', text)
    else rest.key = key.toString('base64')
  }
  if (event) writeEvent(columns, event, rest, set)
  if (raw) {
    rest.value = raw.value?.toString('base64') ?? null
    if (raw.code !== undefined) rest.code = raw.code
  }
  if (headers.length > 0) rest.headers = headers.map(([name, bytes]) => [name, toBase64(bytes)])
  if (!isEmpty(rest)) set('rest', JSON.stringify(rest))
}

/** A replacement character can be part of the text, or stand for bytes that are not UTF-8. */
function isExact(text: string, bytes: Buffer): boolean {
  return !text.includes('\uFFFD') || Buffer.from(text).equals(bytes)
}

function writeEvent(
  columns: readonly DataColumn[],
  event: Event,
  rest: Rest,
  set: (column: string, value: Exclude<ColumnValue, null>) => void,
): void {
  const { id, source, type, subject, time, datacontenttype, dataschema, data, extensions } = event
  set('id', id)
  set('source', source)
  set('type', type)
  if (subject !== undefined) set('subject', subject)
  if (time !== undefined) {
    const timeMs = isTimestamp(time) ? Math.trunc(parseTime(time)) : Number.NaN
    if (!Number.isNaN(timeMs)) set('time', timeMs)
    if (Number.isNaN(timeMs) || instant(timeMs) !== time) rest.time = time
  }
  if (datacontenttype !== undefined) set('datacontenttype', datacontenttype)
  if (dataschema !== undefined) set('dataschema', dataschema)
  if (extensions) {
    const { traceparent, ...others } = extensions
    if (traceparent !== undefined) set('traceparent', traceparent)
    if (!isEmpty(others)) set('extensions', JSON.stringify(others))
  }
  if (data === undefined) return
  if (data instanceof Uint8Array) rest.bytes = Buffer.from(data).toString('base64')
  else if (isObject(data)) {
    const left = writeFields(getFieldTree(columns), type, data, set)
    if (left !== undefined || isEmpty(data)) rest.data = left ?? {}
  } else rest.data = data
}

/** Returns the part of the data that no column contains; undefined if nothing is left. */
function writeFields(
  { fields }: Field,
  eventType: string,
  data: Readonly<Record<string, unknown>>,
  set: (column: string, value: Exclude<ColumnValue, null>) => void,
): Record<string, unknown> | undefined {
  let left: Record<string, unknown> | undefined
  for (const name of Object.keys(data)) {
    const value = data[name]
    const field = fields.get(name)
    let leftOver: unknown = value
    if (field && field.fields.size > 0 && isObject(value)) {
      if (!isEmpty(value)) leftOver = writeFields(field, eventType, value, set)
    } else
      for (const column of field?.columns ?? []) {
        const fitting = column.types?.includes(eventType) !== false ? fit(column.type, value) : undefined
        if (fitting === undefined) continue
        set(column.name, fitting)
        leftOver = undefined
        break
      }
    if (leftOver === undefined) continue
    left ??= {}
    setOwn(left, name, leftOver)
  }
  return left
}

/** Returns the value for a column of the type; undefined if the column could not give back the same value. */
function fit(type: ColumnType, value: unknown): Exclude<ColumnValue, null> | undefined {
  switch (type) {
    case 'STRING':
      return typeof value === 'string' && value.isWellFormed() ? value : undefined
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : undefined
    case 'DOUBLE':
      return typeof value === 'number' && !Object.is(value, -0) ? value : undefined
    case 'INT64':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? (value as number) : undefined
    default:
      return value === null || value === undefined ? undefined : JSON.stringify(value)
  }
}

/** Returns the row with these values. @param value returns the value of a column */
export function readRow(
  columns: readonly DataColumn[],
  value: (column: string) => ColumnValue | undefined,
): HistoryRow {
  const rest: Rest = JSON.parse((value('rest') as string | null) ?? '{}')
  const text = (name: string) => value(name) as string | null | undefined
  const keyText = text('key')
  const place = {
    topic: value('topic') as string,
    partition: value('partition') as number,
    offset: value('offset') as number,
    timestampMs: value('timestamp') as number,
    key: rest.key === undefined ? (keyText == null ? null : Buffer.from(keyText)) : fromBase64(rest.key),
    headers: (rest.headers ?? []).map(([name, bytes]): RecordHeader => [name, fromBase64(bytes)]),
  }
  const event = readEvent(columns, rest, value)
  const raw =
    rest.value === undefined
      ? undefined
      : {
          value: fromBase64(rest.value),
          ...(rest.code === undefined ? {} : { code: rest.code }),
        }
  return { ...place, ...(event ? { event } : {}), ...(raw ? { raw } : {}) }
}

function readEvent(
  columns: readonly DataColumn[],
  rest: Rest,
  value: (column: string) => ColumnValue | undefined,
): Event | undefined {
  const id = value('id') as string | null | undefined
  if (id == null) return undefined
  const event: Record<string, unknown> = { id, source: value('source'), type: value('type') }
  for (const name of ['subject', 'datacontenttype', 'dataschema'])
    if (value(name) != null) event[name] = value(name)
  const timeMs = value('time') as number | null | undefined
  const time = rest.time ?? (timeMs == null ? undefined : instant(timeMs))
  if (time !== undefined) event.time = time
  const data = readData(columns, rest, value)
  if (data !== undefined) event.data = data
  const [traceparent, others] = [value('traceparent'), value('extensions')]
  if (traceparent != null || others != null)
    event.extensions = {
      ...(traceparent == null ? {} : { traceparent }),
      ...JSON.parse((others as string | null) ?? '{}'),
    }
  return event as unknown as Event
}

function readData(
  columns: readonly DataColumn[],
  { bytes, data: left }: Rest,
  value: (column: string) => ColumnValue | undefined,
): unknown {
  if (bytes !== undefined) return fromBase64(bytes)
  if (left !== undefined && !isObject(left)) return left
  let data: Record<string, unknown> | undefined
  for (const { name, type, path, types } of columns) {
    const found = value(name)
    if (found == null || types?.includes(value('type') as string) === false) continue
    data ??= {}
    let level = data
    for (const part of path.slice(0, -1)) {
      if (!isObject(level[part])) level[part] = {}
      level = level[part] as Record<string, unknown>
    }
    level[path.at(-1) as string] = type === 'JSON' ? JSON.parse(found as string) : found
  }
  return left === undefined ? data : mergeData(data ?? {}, left)
}

/** Adds the fields that have no column. A field exists on one of both sides only, unless both sides have an object. */
function mergeData(data: Record<string, unknown>, left: Readonly<Record<string, unknown>>): object {
  for (const name of Object.keys(left)) {
    const [before, added] = [Object.hasOwn(data, name) ? data[name] : undefined, left[name]]
    setOwn(data, name, isObject(before) && isObject(added) ? mergeData({ ...before }, added) : added)
  }
  return data
}

/** Sets a property. An assignment to `__proto__` would change the object's prototype instead. */
function setOwn(object: object, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
  else (object as Record<string, unknown>)[name] = value
}
