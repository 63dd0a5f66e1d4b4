/** Converts a row of a CSV file to an event. Pure. */

import { isFailure, readJsonEvent, toJsonEvent } from '#runtime/cloudevents/index.ts'
import { derivedId, type Event } from '#runtime/consumer/index.ts'
import { schemaViolation } from '../../app/schemas.ts'
import { readNumber } from '../../support/number-text.ts'
import { createReading } from '../../telemetry/reading.ts'
import type { BrokenRow, Row } from './csv-rows.ts'
import type { Series } from './series.ts'
import { toRfc3339 } from './timestamp.ts'

/** Properties that apply to all rows of a file. */
export interface Recording {
  /** Name of the file without its folder. Event ids are derived from it, so moving the file does not change them. */
  readonly file: string
  readonly entity: string
  readonly series: Series
  /** Offset from UTC for timestamps without a time zone, in the form `±hh:mm`. */
  readonly utcOffset: string
}

/**
 * Converts a row to an event. The id is derived from file name, line number and content. The line number is needed because rows can
 * be equal. If a row is imported with another unit or entity, it becomes a different event.
 */
export function convertRow(recording: Recording, row: Row): Event | BrokenRow {
  const { series, utcOffset, file, entity } = recording
  const { line } = row
  const time = toRfc3339(row.timestamp, utcOffset)
  if (time === undefined)
    return { line, error: `${quoteText(row.timestamp)} is not a timestamp such as 2026-01-31 13:45:00` }
  const number = readNumber(row.value)
  if ('problem' in number) return { line, error: `${quoteText(row.value)} ${number.problem}` }
  const data = series.buildData(entity, series.convert(number.value))
  const content = JSON.stringify([series.family.type, entity, time, data])
  const event = createReading(series.family, derivedId('import', file, line, content), time, data)
  const error = schemaViolation(event.type, event.data) ?? findReaderFault(event)
  return error
    ? { line, error: `${error} (from ${quoteText(row.timestamp)}, ${quoteText(row.value.trim())})` }
    : event
}

/**
 * Returns the reason for which consumers would reject the event; undefined if they accept it. The reason is reported during the
 * import, so the event does not become a dead letter.
 */
export function findReaderFault(event: Event): string | undefined {
  const read = readJsonEvent(toJsonEvent(event))
  return isFailure(read) ? read.message : undefined
}

function quoteText(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
