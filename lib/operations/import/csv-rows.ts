/** Reads the rows of a CSV file one by one. Memory usage does not depend on the size of the file. */
import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { parseExact } from '#runtime/cloudevents/index.ts'

export interface Columns {
  readonly timestamp: string
  readonly value: string
}

export interface Row {
  /** Line number at which the row ends, counted from 1. */
  readonly line: number
  readonly timestamp: string
  readonly value: string
}

/** Row that cannot be read. The header is line 1. */
export interface BrokenRow {
  readonly line: number
  readonly error: string
  /** True if no further rows can be read. */
  readonly fatal?: true
  /** True if the file contains JSON instead of a table. */
  readonly isJson?: true
}

/** Row as an object whose keys are the column names. */
export interface RowDocument {
  readonly line: number
  readonly document: object
}

/** Maximum length of a row. A longer row indicates a missing closing quote, and would otherwise extend to the end of the file. */
const MAX_ROW_LENGTH = 64 * 1024

const PARSING = {
  bom: true,
  info: true,
  // All line endings are accepted, because a file may have been joined from several files.
  record_delimiter: ['\r\n', '\n', '\r'] as string[],
  // A quote inside a value belongs to the value. Such a value is rejected later, because it is neither a number nor a time.
  relax_quotes: true,
  skip_empty_lines: true,
  max_record_size: MAX_ROW_LENGTH,
  // Reading still ends at an invalid row. With an error, however, the parser would drop the rows before it.
  skip_records_with_error: true,
}

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

const DELIMITERS = [',', ';', '\t'] as const

/** Returns the delimiter that the first line has most often outside quotes, and the source with that line. */
async function findDelimiter(
  source: Readable,
): Promise<{ readonly text: Readable; readonly delimiter: string }> {
  const pieces: AsyncIterator<string | Buffer> = source[Symbol.asyncIterator]()
  const read: Buffer[] = []
  let first = ''
  while (!/[\r\n]./s.test(first) && first.length < MAX_ROW_LENGTH) {
    const { value, done } = await pieces.next()
    if (done) break
    read.push(Buffer.from(value))
    first += Buffer.from(value).toString('latin1')
  }
  const line = (/^\s*(.*)/.exec(first)?.[1] ?? '').replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map(delimiter => line.split(delimiter).length)
  const delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))] as string
  return { text: Readable.from(joinPieces(read, pieces)), delimiter }
}

async function* joinPieces(read: readonly Buffer[], rest: AsyncIterator<string | Buffer>) {
  yield* read
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
}

/** Yields valid and invalid rows in the order of the file. Ends after a row after which reading cannot continue. */
export async function* readRows(source: Readable, columns: Columns): AsyncGenerator<Row | BrokenRow> {
  let unclosedAtLine: number | undefined
  const { text, delimiter } = await findDelimiter(source)
  const parser = parse({
    ...PARSING,
    delimiter,
    relax_column_count: true,
    on_skip: error => {
      unclosedAtLine ??= Number(error?.lines)
      return undefined
    },
  })
  // The pipeline forwards errors of the source to the loop below.
  pipeline(text, parser, () => {})
  let header: Header | undefined
  let line = 0
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (unclosedAtLine !== undefined && info.lines >= unclosedAtLine) break
    line = info.lines
    if (header !== undefined) {
      yield toRow(header, record, line)
      continue
    }
    const found = parseHeader(record, columns)
    if ('error' in found) return yield found
    header = found
  }
  // The parser detects a missing quote only at the end of the file, or when the maximum length is exceeded. The quote is missing in
  // the row after the last valid one.
  if (unclosedAtLine !== undefined)
    yield { line: line + 1, error: 'a quote that opens here is not closed', fatal: true }
  else if (header === undefined) yield { line: 1, error: 'the file has no header', fatal: true }
}

/** Yields rows with all their columns. Cells that contain a JSON number become numbers. Empty cells are omitted. */
export async function* readDocuments(source: Readable): AsyncGenerator<RowDocument | BrokenRow> {
  const broken: BrokenRow[] = []
  let header: readonly string[] = []
  const { text, delimiter } = await findDelimiter(source)
  const parser = parse({
    ...PARSING,
    delimiter,
    columns: (names: readonly string[]) => {
      header = names.map(name => name.trim())
      return header.map(name => name || false)
    },
    cast: (cell, { header }) => (header ? cell : parseCell(cell.trim())),
    on_skip: error => {
      broken.push({ line: Number(error?.lines), error: error?.message ?? 'it cannot be read' })
      return undefined
    },
  })
  pipeline(text, parser, () => {})
  for await (const { record, info } of parser as AsyncIterable<{ record: object; info: Parsed['info'] }>) {
    const twice = header.find(name => name !== '' && isRepeated(header, name))
    if (twice !== undefined) return yield createAmbiguousHeader(twice)
    while (broken[0] && broken[0].line < info.lines) yield broken.shift() as BrokenRow
    yield { line: info.lines, document: record }
  }
  yield* broken
}

/**
 * Converts a cell to a number. A number that a double cannot represent exactly stays text, and so does a number with leading zeros.
 */
function parseCell(cell: string): string | number | undefined {
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(cell)) return cell || undefined
  try {
    return parseExact(cell) as number
  } catch {
    return cell
  }
}

function isRepeated(header: readonly string[], name: string): boolean {
  return header.indexOf(name) !== header.lastIndexOf(name)
}

function createAmbiguousHeader(name: string): BrokenRow {
  return { line: 1, error: `the header has the column ${name.slice(0, 40)} twice`, fatal: true }
}

interface Header {
  readonly width: number
  readonly timestamp: number
  readonly value: number
}

function parseHeader(names: readonly string[], columns: Columns): Header | BrokenRow {
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
  const twice = Object.values(columns).find(name => isRepeated(trimmed, name))
  if (twice !== undefined) return createAmbiguousHeader(twice)
  return {
    width: names.length,
    timestamp: trimmed.indexOf(columns.timestamp),
    value: trimmed.indexOf(columns.value),
  }
}

/**
 * Returns whether a text is plausible as a column name. If a file has no header, its first line contains data, which messages must
 * not show.
 */
function isName(text: string): boolean {
  return text === '' || (/^[\p{L}_][^"{}[\]\p{Cc}\ufffd]*$/u.test(text) && !/\d{4}-\d\d-\d\d/.test(text))
}

function toRow(header: Header, record: readonly string[], line: number): Row | BrokenRow {
  if (record.length !== header.width)
    return { line, error: `${record.length} columns, but the header has ${header.width}` }
  return { line, timestamp: record[header.timestamp] as string, value: record[header.value] as string }
}
