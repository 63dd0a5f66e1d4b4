/** Converts lines of JSON, or rows of a table, to events by means of mappings. Pure. */
import type { LogRecord } from '#runtime/cloudevents'
import type { Event } from '#runtime/consumer'
import type { Mapping } from '../../../lib/mapping/mapping.ts'
import type { Line } from '../../../lib/support/text-reader.ts'
import type { Config } from '../../environment/config.ts'
import type { BrokenRow, RowDocument } from './csv-rows.ts'
import { createTrial } from './mapping-trial.ts'

/**
 * Returns the function that converts a line to an event. A mapping can derive the event id from the position of a record. The
 * position consists of file name, line number and content, because a file may contain equal records.
 *
 * @param file name of the file without its folder
 */
export function createConverter(settings: Config, mappings: readonly Mapping[], file: string) {
  // The events can be replayed at any time, so that no time is too late.
  const { earliestTimeMs: nowMs } = settings
  const atAnyTime = { ...settings, futureToleranceMs: Number.MAX_SAFE_INTEGER }
  const tryRecord = createTrial(atAnyTime, { topic: file, loadedMappings: mappings }, nowMs)
  /** @param found added to the reason why no mapping takes the line */
  return ({ number: line, text }: Line, found = ''): Event | BrokenRow => {
    const position = ['import', file, line, text.trim()]
    const trial = tryRecord(toFileRecord(file, line, text, nowMs), { position })
    if (!trial.accepted)
      return { line, error: trial.failed ? `${trial.code}: ${trial.reason}` : trial.reason + found }
    return trial.event.time === undefined ? { line, error: describeNoTime(trial.mapping) } : trial.event
  }
}

/** Returns a row as a line of JSON, and its columns for a message. */
export function toLine({ line: number, document }: RowDocument): readonly [Line, columns: string] {
  return [{ number, text: JSON.stringify(document) }, describeColumns(document)]
}

/** Returns the record that a line of a file would be in a topic. */
export function toFileRecord(file: string, line: number, value: string, nowMs: number): LogRecord {
  const place = { topic: file, partition: 0, offset: line, timestampMs: nowMs }
  return { ...place, key: null, value: Buffer.from(value), headers: [] }
}

/** Returns the reason why an event of a file has no time. @param mapping name of its mapping; null for a CloudEvent */
export function describeNoTime(mapping: string | null): string {
  if (mapping === null) return 'the event has no "time", and a line of a file has no other time'
  return `mapping ${mapping}: its \`time: record\` is that of a record in Kafka, which a line of a file does not have: name a field, such as \`time: { from: timestamp }\`, or publish the lines to an input`
}

/** Returns the columns for a message. A first line that is not a header contains data, which messages must not show. */
function describeColumns(document: object): string {
  const names = Object.keys(document)
  const areNames = names.every(name => /^[\p{L}_][^"{}[\]\p{Cc}\ufffd]{0,39}$/u.test(name))
  return areNames ? `; its columns are ${names.join(', ')}` : '; the first line does not look like a header'
}
