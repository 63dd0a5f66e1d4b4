/** The rows of a CSV file, one after another, in memory that does not grow with the file. */
import { pipeline, type Readable } from 'node:stream'
import { parse } from 'csv-parse'

export interface Columns {
  readonly timestamp: string
  readonly value: string
}

export interface Row {
  /** The line in the file where the row ends, from 1. */
  readonly line: number
  readonly timestamp: string
  readonly value: string
}

/** What is wrong with a row; the first line is the header. */
export interface BrokenRow {
  readonly line: number
  readonly problem: string
  /** Nothing after it can be read either: it is the header. */
  readonly fatal?: true
}

/** A row that is longer has lost its closing quote, and would take the rest of the file with it. */
const LONGEST_ROW = 64 * 1024

interface Parsed {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

/** Rows and broken rows in the order of the file; after a fatal one there is no other. */
export async function* readRows(source: Readable, columns: Columns): AsyncGenerator<Row | BrokenRow> {
  let unclosedAtLine: number | undefined
  const parser = parse({
    bom: true,
    info: true,
    // All of them: a file that was joined from several may mix them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    // A quote within a value is a part of it, and then no number or time: that is found where values are read.
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
    // Not to go on, but to have the rows before it, which the parser would drop with an error.
    skip_records_with_error: true,
    on_skip: error => {
      unclosedAtLine ??= Number(error?.lines)
      return undefined
    },
  })
  // The source's errors reach the loop through the parser.
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
    if ('problem' in found) return yield found
    header = found
  }
  // The parser notices where the file or its patience ends; what lacks the quote is the row after the last good one.
  if (unclosedAtLine !== undefined)
    yield { line: line + 1, problem: 'a quote that opens here is not closed', fatal: true }
  else if (header === undefined) yield { line: 1, problem: 'the file has no header', fatal: true }
}

interface Header {
  readonly width: number
  readonly timestamp: number
  readonly value: number
}

function headerOf(names: readonly string[], columns: Columns): Header | BrokenRow {
  const trimmed = names.map(name => name.trim())
  const missing = Object.values(columns).filter(name => !trimmed.includes(name))
  if (missing.length > 0) {
    const found = trimmed.map(name => name.slice(0, 40)).join(', ')
    return {
      line: 1,
      problem: `the header has no column ${missing.join(' and no ')}; it has: ${found}`,
      fatal: true,
    }
  }
  return {
    width: names.length,
    timestamp: trimmed.indexOf(columns.timestamp),
    value: trimmed.indexOf(columns.value),
  }
}

function cells(header: Header, record: readonly string[], line: number): Row | BrokenRow {
  if (record.length !== header.width)
    return { line, problem: `${record.length} columns, but the header has ${header.width}` }
  return { line, timestamp: record[header.timestamp] as string, value: record[header.value] as string }
}
