/** Converts lines of JSON, or rows of a table, to events by means of mappings. Pure. */
import type { Event } from '#runtime/consumer/index.ts'
import type { Mapping } from '../../mapping/mapping.ts'
import type { Families } from '../../telemetry/families.ts'
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
  families: Families,
  mappings: readonly Mapping[],
  file: string,
  { number: line, text }: Line,
): Event | BrokenRow {
  return convertRecord(
    families,
    mappings,
    line,
    parseRecord(Buffer.from(text), { position: ['import', file, line, text.trim()] }),
  )
}

/** Converts a table row to an event. Its position is defined as for a line. */
export function convertDocument(
  families: Families,
  mappings: readonly Mapping[],
  file: string,
  { line, document }: RowDocument,
): Event | BrokenRow {
  const position = ['import', file, line, JSON.stringify(document)]
  return convertRecord(families, mappings, line, { document, position }, describeColumns(document))
}

/** Returns the columns for a message. A first line that is not a header contains data, which messages must not show. */
function describeColumns(document: object): string {
  const names = Object.keys(document)
  const areNames = names.every(name => /^[\p{L}_][^"{}[\]\p{Cc}\ufffd]{0,39}$/u.test(name))
  return areNames ? `; its columns are ${names.join(', ')}` : '; the first line does not look like a header'
}

/** @param found added to the reason why no mapping takes the record */
function convertRecord(
  families: Families,
  mappings: readonly Mapping[],
  line: number,
  record: TriedRecord,
  found = '',
): Event | BrokenRow {
  const trial = tryRecord(families, mappings, record)
  if (trial.accepted) return trial.event
  const { code, reason } = trial
  if (UNTAKEN.has(code)) return { line, error: reason + found }
  return { line, error: code === 'unreadable' ? reason : `${code}: ${reason}` }
}
