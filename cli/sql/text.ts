/** Formats query results as text or as CSV. Pure. */

import type { AnswerColumn } from '../../lib/operations/sql/database.ts'
import { formatValue, type Value } from '../../lib/operations/sql/plain-value.ts'
import { type Column, formatTable } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

export interface ReadAnswer {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly Value[])[]
}

/** Minimum width of a column whose values are truncated. */
const LEAST = 8

/** Formats the rows as a table. @param width width of the terminal; undefined for no limit */
export function formatAnswer({ columns, rows }: ReadAnswer, width?: number): string {
  const headings = columns.map(({ name, isNumber }): Column => {
    return { heading: escapeText(name), ...(isNumber ? { align: 'right' } : { least: LEAST }) }
  })
  const cells = rows.map(row => row.map(value => (value === null ? 'NULL' : formatValue(value))))
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`
  const table = formatTable(headings, cells, width)
  return `${table === '' ? '' : `${table}\n`}${count}\n`
}

/** Returns a CSV line as in RFC 4180. NULL is written as an empty field, and an empty string as an empty field in quotes. */
export function formatCsvLine(values: readonly Value[]): string {
  return `${values.map(formatCsvField).join(',')}\r\n`
}

function formatCsvField(value: Value): string {
  if (value === null) return ''
  const text = formatValue(value)
  return text === '' || /[",\r\n]/.test(text) || text !== text.trim()
    ? `"${text.replaceAll('"', '""')}"`
    : text
}
