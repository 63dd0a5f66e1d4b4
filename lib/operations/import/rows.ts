/** Reads the rows of a CSV file one after another, with memory that does not depend on the size of the file. */
import { pipeline, type Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { parseExact } from '../../../packages/runtime/cloudevents/exact-json.ts'

export interface Columns {
  readonly timestamp: string
  readonly value: string
  /** Column with the id of each row's entity; undefined if the whole file is about one entity. */
  readonly entity?: string
}

export interface Row {
  /** Line in the file where the row ends, counted from 1. */
  readonly line: number
  readonly timestamp: string
  readonly value: string
  readonly entity?: string
}

/** Row that cannot be read. Line 1 is the header. */
export interface BrokenRow {
  readonly line: number
  readonly error: string
  /** True if reading cannot continue after the row. */
  readonly fatal?: true
  /** True if the file contains JSON instead of a table. */
  readonly isJson?: true
}

/** A row as an object: its cells by the names of the columns. */
export interface RowDocument {
  readonly line: number
  readonly document: object
}

/** Maximum length of a row. A longer row has no closing quote, and would extend to the end of the file. */
const MAX_ROW_LENGTH = 64 * 1024

const PARSING = {
  bom: true,
  info: true,
  // Accept all of them: a file that was joined from several may mix them.
  record_delimiter: ['\r\n', '\n', '\r'] as string[],
  // A quote within a value is a part of it. It is then not a number or time, which is found where values are read.
  relax_quotes: true,
  skip_empty_lines: true,
  max_record_size: MAX_ROW_LENGTH,
  // Reading ends here, but with an error the parser would drop the rows before it.
  skip_records_with_error: true,
}

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** Yields rows and broken rows in the order of the file, and ends after a fatal one. */
export async function* readRows(source: Readable, columns: Columns): AsyncGenerator<Row | BrokenRow> {
  let unclosedAtLine: number | undefined
  const parser = parse({
    ...PARSING,
    relax_column_count: true,
    on_skip: error => {
      unclosedAtLine ??= Number(error?.lines)
      return undefined
    },
  })
  // Forwards errors of the source through the parser to the loop.
  pipeline(source, parser, () => {})
  let header: Header | undefined
  let line = 0
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (unclosedAtLine !== undefined && info.lines >= unclosedAtLine) break
    line = info.lines
    if (header !== undefined) {
      yield cells(header, record, line)
      continue
    }
    const found = headerOf(record, columns)
    if ('error' in found) return yield found
    header = found
  }
  // The parser notices a missing quote only at the end of the file or of its limit. The quote is missing in
  // the row after the last valid one.
  if (unclosedAtLine !== undefined)
    yield { line: line + 1, error: 'a quote that opens here is not closed', fatal: true }
  else if (header === undefined) yield { line: 1, error: 'the file has no header', fatal: true }
}

/** Yields rows with all their columns. Cells that are JSON numbers become numbers; empty ones are left out. */
export async function* readDocuments(source: Readable): AsyncGenerator<RowDocument | BrokenRow> {
  const broken: BrokenRow[] = []
  const parser = parse({
    ...PARSING,
    columns: (names: readonly string[]) => names.map(name => name.trim() || false),
    cast: (cell, { header }) => (header ? cell : cellValue(cell.trim())),
    on_skip: error => {
      broken.push({ line: Number(error?.lines), error: error?.message ?? 'it cannot be read' })
      return undefined
    },
  })
  pipeline(source, parser, () => {})
  for await (const { record, info } of parser as AsyncIterable<{ record: object; info: Parsed['info'] }>) {
    while (broken[0] && broken[0].line < info.lines) yield broken.shift() as BrokenRow
    yield { line: info.lines, document: record }
  }
  yield* broken
}

/** A number that a double cannot hold stays text, as does `007`. */
function cellValue(cell: string): string | number | undefined {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(cell)) return cell || undefined
  try {
    return parseExact(cell) as number
  } catch {
    return cell
  }
}

interface Header {
  readonly width: number
  readonly timestamp: number
  readonly value: number
  /** Index of the column; -1 without such a column. */
  readonly entity: number
}

function headerOf(names: readonly string[], columns: Columns): Header | BrokenRow {
  const trimmed = names.map(name => name.trim())
  if (trimmed[0]?.startsWith('{'))
    return {
      line: 1,
      error: 'this is a JSON object, not the header of a CSV file',
      fatal: true,
      isJson: true,
    }
  const missing = Object.values(columns).filter(name => !trimmed.includes(name))
  if (missing.length > 0) {
    const found = trimmed.every(isName)
      ? `it has: ${trimmed.map(name => name.slice(0, 40)).join(', ')}`
      : 'the first line does not look like a header'
    return { line: 1, error: `the header has no column ${missing.join(' and no ')}; ${found}`, fatal: true }
  }
  return {
    width: names.length,
    timestamp: trimmed.indexOf(columns.timestamp),
    value: trimmed.indexOf(columns.value),
    entity: columns.entity === undefined ? -1 : trimmed.indexOf(columns.entity),
  }
}

/** Returns whether a text can be a column name. A file without a header starts with data, which messages must not show. */
function isName(text: string): boolean {
  return /^(?!.*\d{4}-\d\d-\d\d)[\p{L}_][^"{}[\]\p{Cc}\ufffd]*$/u.test(text) || text === ''
}

function cells(header: Header, record: readonly string[], line: number): Row | BrokenRow {
  if (record.length !== header.width)
    return { line, error: `${record.length} columns, but the header has ${header.width}` }
  const row = { line, timestamp: record[header.timestamp] as string, value: record[header.value] as string }
  if (header.entity < 0) return row
  const entity = record[header.entity]?.trim()
  return entity ? { ...row, entity } : { line, error: 'the row has no entity' }
}
