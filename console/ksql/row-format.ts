/** Format in which ksqlDB's REST interface sends rows. */
import { randomUUID } from 'node:crypto'
import { type ExpressionValue, isTime } from '../../lib/views/evaluation.ts'
import type { ColumnType } from '../../lib/views/index.ts'
import { ProblemError } from '../http/problem.ts'

export interface ErrorAnswer {
  readonly '@type': 'generic_error' | 'statement_error'
  readonly error_code: number
  readonly message: string
  /** Text of the statement that failed, and the answers to those before it. */
  readonly statementText?: string
  readonly entities?: readonly unknown[]
}

/** Parts of the answer to a query: a JSON array with objects, one a line. */
export interface RowFormat {
  /** Name of the query, by which a client can close it. */
  readonly queryId: string
  begin(columns: readonly Column[]): string
  /** @param isEnd true for the key of a row that has ended */
  row(values: readonly unknown[], isEnd?: boolean): string
  /** Returns the end of an answer that has failed. */
  error(error: ErrorAnswer): string
  end(reason: EndReason): string
  /** Text that keeps an answer without rows alive; absent for current rows. */
  readonly idle?: string
}

export type EndReason = 'Limit Reached' | 'Query Completed'

/** @param isPush true for rows as they change, false for current rows */
export function createRowFormat(isPush: boolean, queryId = randomUUID()): RowFormat {
  const header = (columns: readonly Column[]) => {
    const schema = columns.map(column => `\`${formatName(column.name)}\` ${formatType(column)}`).join(', ')
    return JSON.stringify({ header: { queryId, schema } })
  }
  const row = (columns: readonly unknown[], isEnd = false) =>
    JSON.stringify({ row: { columns, ...(isEnd && { tombstone: true }) } })
  const formatError = (errorMessage: ErrorAnswer) => `${JSON.stringify({ errorMessage })}]\n`
  if (isPush)
    // A row ends with its line, because clients read lines, and the next row may be far away.
    return {
      queryId,
      begin: columns => `[${header(columns)},\n`,
      row: (values, isEnd) => `${row(values, isEnd)},\n`,
      error: formatError,
      end: finalMessage => `${JSON.stringify({ finalMessage })}]\n`,
      idle: '\n',
    }
  return {
    queryId,
    begin: columns => `[${header(columns)}`,
    row: values => `,\n${row(values)}`,
    error: error => `,\n${formatError(error)}`,
    end: () => ']\n',
  }
}

/**
 * Returns the format of `/query-stream`: a header, and a list for each row. Each is a line or, for `isArray`, a member of a JSON array.
 * A row that has ended is omitted, as in ksqlDB.
 */
export function createListFormat(isArray: boolean, queryId = randomUUID()): RowFormat {
  const [first, before, after] = isArray ? ['[', ',\n', ''] : ['', '', '\n']
  const member = (content: unknown) => `${before}${JSON.stringify(content)}${after}`
  return {
    queryId,
    begin(columns) {
      const columnNames = columns.map(({ name }) => formatName(name))
      const header = { queryId, columnNames, columnTypes: columns.map(formatType) }
      return `${first}${JSON.stringify(header)}${after}`
    },
    row: (values, isEnd) => (isEnd ? '' : member(values)),
    error: error => `${member(error)}${isArray ? ']\n' : ''}`,
    end: () => (isArray ? ']\n' : ''),
  }
}

/** Returns the name as ksqlDB shows one that was written without quotes. Some clients find columns only in this form. */
export function formatName(name: string): string {
  return name.toUpperCase()
}

interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Returns the name that ksqlDB's answers have for the type of a column. `ROWTIME` and the bounds of a window are numbers there. */
export function formatType({ name, type }: Column): string {
  return isPseudoColumn(name) ? 'BIGINT' : type.replace('VARCHAR', 'STRING')
}

/**
 * Returns the values as ksqlDB writes them: a timestamp is a text without a zone.
 *
 * @throws ProblemError for a timestamp that no text can express
 */
export function formatValues(
  values: readonly ExpressionValue[],
  columns: readonly Column[],
): readonly unknown[] {
  return values.map((value, index) => {
    const { name = '', type } = columns[index] ?? {}
    if (type !== 'TIMESTAMP' || typeof value !== 'number' || isPseudoColumn(name)) return value
    if (isTime(value)) return new Date(value).toISOString().slice(0, -1)
    const problem = `${formatName(name)} has a value outside the range of TIMESTAMP.`
    throw new ProblemError('bad-request', `${problem} Select it as BIGINT.`)
  })
}

function isPseudoColumn(name: string): boolean {
  return /^(?:ROWTIME|WINDOWSTART|WINDOWEND)$/i.test(name)
}
