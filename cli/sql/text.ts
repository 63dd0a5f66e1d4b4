/** Formats query results as text or as CSV. Pure. */

import type { AnswerColumn } from '../../control/sql/database.ts'
import { formatValue, type SqlValue } from '../../control/sql/plain-value.ts'
import { formatTable, type PrintedColumn } from '../output/table.ts'
import { escapeText } from '../output/text-width.ts'

export interface ReadAnswer {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
}

export const FORMATS = ['table', 'csv', 'json'] as const
export const FORMULAS = ['keep', 'escape'] as const

export interface AnswerFormat {
  readonly format: (typeof FORMATS)[number]
  readonly formulas: (typeof FORMULAS)[number]
}

/** Minimum width of a column whose values are truncated. */
const LEAST = 8

/** Significant digits that a number of each type can hold. Further ones are noise of sums and quotients. */
const DIGITS = 15
const FLOAT_DIGITS = 7
/** Digits of a double in text. A decimal is a double only if that has the digits of the decimal. */
const DECIMAL_DIGITS = 17

/** Formats a value for people, with the digits that a number holds. CSV and JSON have all digits. */
export function formatShown(value: Exclude<SqlValue, null>, type = ''): string {
  const digits = type === 'FLOAT' ? FLOAT_DIGITS : /DECIMAL|NUMERIC/.test(type) ? DECIMAL_DIGITS : DIGITS
  const round = (value: SqlValue): SqlValue =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value
  return typeof value === 'object' ? JSON.stringify(value, (_, value) => round(value)) : String(round(value))
}

/** Formats the rows as a table. @param width width of the terminal; undefined for no limit */
export function formatAnswer({ columns, rows }: ReadAnswer, width?: number): string {
  const headings = columns.map(({ name, isNumber }): PrintedColumn => {
    return { heading: escapeText(name), ...(isNumber ? { align: 'right' } : { least: LEAST }) }
  })
  const cells = rows.map(row =>
    row.map((value, index) => (value === null ? 'NULL' : formatShown(value, columns[index]?.type))),
  )
  const count = `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`
  const table = formatTable(headings, cells, width)
  return `${table === '' ? '' : `${table}\n`}${count}\n`
}

/** Beginnings of a cell that a spreadsheet may run, as OWASP lists them. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)$/

/**
 * Returns a CSV line as in RFC 4180. NULL is written as an empty field, and an empty string as an empty field in quotes.
 *
 * @param formulas `escape` writes an apostrophe before each text that a spreadsheet may run as a formula, and keeps numbers
 * @param columns columns of the values; none for their names
 */
export function formatCsvLine(
  values: readonly SqlValue[],
  formulas: AnswerFormat['formulas'] = 'keep',
  columns: readonly AnswerColumn[] = [],
): string {
  const escapeFormula = (value: SqlValue, index: number): SqlValue =>
    typeof value === 'string' && FORMULA.test(value) && !(columns[index]?.isNumber && NUMBER.test(value))
      ? `'${value}`
      : value
  const cells = formulas === 'escape' ? values.map(escapeFormula) : values
  return `${cells.map(formatCsvField).join(',')}\r\n`
}

function formatCsvField(value: SqlValue): string {
  if (value === null) return ''
  const text = formatValue(value)
  return text === '' || /[",\r\n]/.test(text) || text !== text.trim()
    ? `"${text.replaceAll('"', '""')}"`
    : text
}
