/** Converts one row of a CSV file to one event. Pure. */

import { isFailure } from '../../../packages/runtime/cloudevents/event.ts'
import { readJsonEvent, toJsonEvent } from '../../../packages/runtime/cloudevents/json-format.ts'
import { derivedId } from '../../../packages/runtime/consumer/derived-id.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { reading } from '../../telemetry/reading.ts'
import { rfc3339 } from './instant.ts'
import type { BrokenRow, Row } from './rows.ts'
import type { Series } from './series.ts'

/** Properties that all rows of a file share. */
export interface Recording {
  /** Name of the file without its folders. It is part of every id, so the file can be moved. */
  readonly file: string
  /** Entity of rows that do not specify one. */
  readonly entity: string
  readonly series: Series
  /** Offset from UTC, `±hh:mm`, for timestamps without a time zone. */
  readonly utcOffset: string
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * Returns the event of a row. Its id is derived from file name, line and content. Files repeat timestamps, so
 * only the line distinguishes two equal rows; the same row with another unit or entity is another event.
 */
export function eventOfRow(recording: Recording, row: Row): Event | BrokenRow {
  const { series, utcOffset, file } = recording
  const { line, entity = recording.entity } = row
  const time = rfc3339(row.timestamp, utcOffset)
  if (time === undefined)
    return { line, error: `${quoted(row.timestamp)} is not a timestamp such as 2026-01-31 13:45:00` }
  const number = row.value.trim()
  if (!NUMBER.test(number)) return { line, error: `${quoted(row.value)} is not a number` }
  const data = series.dataOf(entity, series.convert(Number(number)))
  const content = JSON.stringify([series.family.type, entity, time, data])
  const event = reading(series.family, derivedId('import', file, line, content), time, data)
  const error = schemaViolation(event.type, event.data) ?? readersFault(event)
  return error ? { line, error: `${error} (from ${quoted(row.timestamp)}, ${quoted(number)})` } : event
}

/**
 * Returns the reason for which consumers would reject the event, if any. It is reported during the import
 * instead of in the dead letters.
 */
export function readersFault(event: Event): string | undefined {
  const read = readJsonEvent(toJsonEvent(event))
  return isFailure(read) ? read.message : undefined
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
