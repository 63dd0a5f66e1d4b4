/** Converts lines of JSON, or rows of a table, to events by means of mappings. Pure. */
import type { Event } from '#runtime/consumer/index.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import type { Line } from '../numbered-lines.ts'
import type { BrokenRow, RowDocument } from './csv-rows.ts'
import { parseRecord, type TriedRecord, tryRecord, UNTAKEN } from './mapping-trial.ts'

/**
 * Converts a line to an event. A mapping can derive the event id from the position of a record. The position consists of file name,
 * line number and content, because a file may contain equal records.
 *
 * @param file name of the file without its folder
 */
export function convertLine(
  mappings: readonly Mapping[],
  file: string,
  { number: line, text }: Line,
): Event | BrokenRow {
  return convertRecord(mappings, line, parseRecord(text, ['import', file, line, text.trim()]))
}

/** Converts a table row to an event. Its position is defined as for a line. */
export function convertDocument(
  mappings: readonly Mapping[],
  file: string,
  { line, document }: RowDocument,
): Event | BrokenRow {
  return convertRecord(mappings, line, {
    document,
    position: ['import', file, line, JSON.stringify(document)],
  })
}

function convertRecord(mappings: readonly Mapping[], line: number, record: TriedRecord): Event | BrokenRow {
  const trial = tryRecord(mappings, record)
  if (trial.accepted) return trial.event
  const { code, reason } = trial
  return { line, error: code === 'unreadable' || UNTAKEN.has(code) ? reason : `${code}: ${reason}` }
}
