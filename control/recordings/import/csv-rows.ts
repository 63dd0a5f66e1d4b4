/** Reads the rows of a CSV file one by one. Memory usage does not depend on the size of the file. */
import { pipeline, Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { parseExact } from '#runtime/cloudevents'
import { count } from '../../../lib/support/count.ts'
import { readLines } from '../../../lib/support/text-reader.ts'
import { isUnitRow } from './unit-row.ts'

/** Row that cannot be read. The header is line 1. */
export interface BrokenRow {
  readonly line: number
  readonly error: string
  /** True if no further rows can be read. */
  readonly fatal?: true
}

/** Row as an object whose keys are the column names. */
export interface RowDocument {
  readonly line: number
  readonly document: object
  /** Texts by column in the row of units below the header, which is not a document; absent if the file has none. */
  readonly units?: Readonly<Record<string, unknown>>
}

/** Maximum length of a row. A longer row indicates a missing closing quote, and would otherwise extend to the end of the file. */
const MAX_ROW_LENGTH = 64 * 1024

const PARSING = {
  info: true,
  record_delimiter: '\n',
  // A quote inside a value belongs to the value. Such a value is rejected later, where it must be a number or a time.
  relax_quotes: true,
  skip_empty_lines: true,
  max_record_size: MAX_ROW_LENGTH,
  // Reading still ends at an invalid row. With an error, however, the parser would drop the rows before it.
  skip_records_with_error: true,
}

interface Parsed {
  readonly record: object
  readonly info: { readonly lines: number }
}

/** Reason of the row after the last valid one, in which the quote is missing. */
const UNCLOSED = 'a quote that opens here is not closed'

const DELIMITERS = [',', ';', '\t'] as const
/** First line that names the delimiter, as Excel reads it. Programs that write all cells in quotes also quote it. */
const DELIMITER_LINE = /^("?)sep=(\\t|[^"\n])\1[,;\t]*\n/i

/** Form of a file, and its source. */
interface CsvSource {
  readonly text: Readable
  /** The one that the first line names, or that the header has most often outside quotes. */
  readonly delimiter: string
  /** True for a file of a Campbell logger: a line about the station, then header, units, and the processing of each column. */
  readonly isToa5: boolean
  /** Number of the line of the header. */
  readonly headerLine: number
}

async function inspect(source: AsyncIterable<Uint8Array>, name: string): Promise<CsvSource> {
  const texts = readTexts(source, name)
  const first: string = (await texts.next()).value ?? ''
  const [above = '', , sign] = DELIMITER_LINE.exec(first) ?? []
  const named = sign === '\\t' ? '\t' : sign
  const rest = first.slice(above.length)
  const line = (/^\s*(.*)/.exec(rest)?.[1] ?? '').replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map(delimiter => line.split(delimiter).length)
  const delimiter = named ?? (DELIMITERS[counts.indexOf(Math.max(...counts))] as string)
  const isToa5 = /^"?TOA5"?,/.test(rest)
  const headerLine = 1 + Number(above !== '') + Number(isToa5)
  return { text: Readable.from(prepend(first, texts)), delimiter, isToa5, headerLine }
}

async function* readTexts(source: AsyncIterable<Uint8Array>, name: string) {
  for await (const lines of readLines(source, name)) yield lines.map(({ text }) => `${text}\n`).join('')
}

async function* prepend(first: string, rest: AsyncIterable<string>) {
  yield first
  yield* rest
}

/**
 * Yields rows with all their columns. Cells that contain a JSON number become numbers. Empty cells are omitted.
 *
 * @param name name of the file in messages
 * @throws FileError if the text is not UTF-8
 */
export async function* readDocuments(
  source: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<RowDocument | BrokenRow> {
  const inspected = await inspect(source, name)
  const { isToa5 } = inspected
  let units: RowDocument['units']
  let held: RowDocument[] | undefined = []
  for await (const row of readRows(inspected)) {
    // A row of units is recognised by the row after it. A logger writes two rows below the header.
    if (held && !('error' in row) && held.length < (isToa5 ? 2 : 1)) {
      held.push(row)
      continue
    }
    if (held) {
      const cells = { ...held[0]?.document }
      if (isToa5 || ('document' in row && isUnitRow(cells, row.document))) units = cells
      else yield* held
      held = undefined
    }
    yield units === undefined || 'error' in row ? row : { ...row, units }
  }
  if (held && !isToa5) yield* held
}

async function* readRows({
  text,
  delimiter,
  headerLine,
}: CsvSource): AsyncGenerator<RowDocument | BrokenRow> {
  const broken: BrokenRow[] = []
  let header: readonly string[] = []
  let headerError: string | undefined
  const parser = parse({
    ...PARSING,
    delimiter,
    from_line: headerLine,
    columns: (names: readonly string[]) => {
      header = names.map(name => name.trim())
      headerError = findHeaderError(header, delimiter)
      return header.map(name => name || false)
    },
    cast: (cell, { header }) => (header ? cell : parseCell(cell.trim())),
    on_skip: error => {
      // The parser detects a missing quote only at the end of the file, or when the maximum length is exceeded.
      const isUnclosed = ['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE'].includes(error?.code ?? '')
      const columns = error?.code === 'CSV_RECORD_INCONSISTENT_COLUMNS' && error.record
      const message = isUnclosed
        ? UNCLOSED
        : Array.isArray(columns)
          ? `the row has ${count(columns.length, 'column')}, and the header has ${header.length}`
          : (error?.message ?? 'it cannot be read')
      broken.push({ line: Number(error?.lines), error: message, ...(isUnclosed ? { fatal: true } : {}) })
      return undefined
    },
  })
  // The pipeline forwards errors of the source to the loop below.
  pipeline(text, parser, () => {})
  let last = headerLine
  function* takeBroken(upTo: number): Generator<BrokenRow> {
    for (let next = broken[0]; next !== undefined && next.line <= upTo; next = broken[0]) {
      broken.shift()
      yield next.fatal ? { ...next, line: last + 1 } : next
      last = next.line
    }
  }
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (headerError !== undefined) break
    yield* takeBroken(info.lines)
    last = info.lines
    yield { line: info.lines, document: record }
  }
  if (last === headerLine && broken.length > 1 && !broken.some(({ fatal }) => fatal))
    headerError ??= `none of its rows has the ${count(header.length, 'column')} of the header: name the delimiter of all lines in a first line, such as sep=;, and remove other lines above the header`
  if (headerError !== undefined) return yield { line: headerLine, error: headerError, fatal: true }
  yield* takeBroken(Infinity)
  if (header.length === 0) yield { line: 1, error: 'the file has no header', fatal: true }
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

function findHeaderError(header: readonly string[], delimiter: string): string | undefined {
  if (header[0]?.startsWith('{')) return 'this is a JSON object, not the header of a CSV file'
  const other = [...DELIMITERS, '|'].find(sign => sign !== delimiter && header[0]?.includes(sign))
  const sign = JSON.stringify(other)
  if (header.length === 1 && other)
    return `the columns are separated by ${sign}: name it in the first line, as sep=${sign.slice(1, -1)}`
  const twice = header.find((name, index) => name !== '' && header.indexOf(name) < index)
  return twice && `the header has the column ${twice.slice(0, 40)} twice`
}
