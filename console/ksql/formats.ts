/** Formats in which ksqlDB's REST interface sends rows. Pure. */
import { isTime, type Value } from '../../lib/views/expression.ts'
import type { ColumnType } from '../../lib/views/plan.ts'
import { ProblemError } from '../api/problem.ts'

export interface ErrorAnswer {
  readonly '@type': 'generic_error' | 'statement_error'
  readonly error_code: number
  readonly message: string
  /** Text of the statement that failed, and the answers to those before it. */
  readonly statementText?: string
  readonly entities?: readonly unknown[]
}

interface Head {
  readonly queryId: string
  readonly columns: readonly Column[]
}

export interface RowFormat {
  readonly contentType: string
  begin(head: Head): string
  /** @param isEnd true for the key of a row that has ended. Only the format of objects has a mark for it, as in ksqlDB. */
  row(values: readonly unknown[], isEnd?: boolean): string
  /** Returns the end of an answer that has failed. */
  error(error: ErrorAnswer): string
  end(reason: EndReason): string
  /** Text that keeps an answer without rows alive; absent if clients would take it for a row. */
  readonly idle?: string
}

export type EndReason = 'Limit Reached' | 'Query Completed'

/** Media type of `/query`, which clients also use for requests. */
const ROWS_TYPE = 'application/vnd.ksql.v1+json'
const DELIMITED_TYPE = 'application/vnd.ksqlapi.delimited.v1'
const JSON_TYPE = 'application/json'

interface Asked {
  readonly isPush: boolean
  readonly accept: string
}

/** Returns the format of `/query`: an array with objects, one a line. */
export function queryFormat({ isPush, accept }: Asked): RowFormat {
  return objects(accept.includes(JSON_TYPE) ? JSON_TYPE : ROWS_TYPE, isPush)
}

/** Returns the format of `/query-stream`: by default, one JSON text a line. */
export function queryStreamFormat({ isPush, accept }: Asked): RowFormat {
  if (accept.includes(ROWS_TYPE)) return objects(ROWS_TYPE, isPush)
  return accept.includes(JSON_TYPE) && !accept.includes(DELIMITED_TYPE) ? ARRAYS : DELIMITED
}

const DELIMITED: RowFormat = {
  contentType: DELIMITED_TYPE,
  begin: head => `${JSON.stringify(metadata(head))}\n`,
  row: values => `${JSON.stringify(values)}\n`,
  error: error => `${JSON.stringify(error)}\n`,
  end: () => '',
}

const ARRAYS: RowFormat = {
  contentType: JSON_TYPE,
  begin: head => `[${JSON.stringify(metadata(head))}`,
  row: values => `,\n${JSON.stringify(values)}`,
  error: error => `,\n${JSON.stringify(error)}]\n`,
  end: () => ']\n',
}

function objects(contentType: string, isPush: boolean): RowFormat {
  const header = ({ queryId, columns }: Head) => {
    const schema = columns.map(column => `\`${shownName(column.name)}\` ${typeName(column)}`).join(', ')
    return JSON.stringify({ header: { queryId, schema } })
  }
  const row = (columns: readonly unknown[], isEnd = false) =>
    JSON.stringify({ row: { columns, ...(isEnd && { tombstone: true }) } })
  const failed = (errorMessage: ErrorAnswer) => `${JSON.stringify({ errorMessage })}]\n`
  if (isPush)
    // A row ends with its line, because clients read lines, and the next row may be far away.
    return {
      contentType,
      begin: head => `[${header(head)},\n`,
      row: (values, isEnd) => `${row(values, isEnd)},\n`,
      error: failed,
      end: finalMessage => `${JSON.stringify({ finalMessage })}]\n`,
      idle: '\n',
    }
  return {
    contentType,
    begin: head => `[${header(head)}`,
    row: values => `,\n${row(values)}`,
    error: error => `,\n${failed(error)}`,
    end: () => ']\n',
  }
}

function metadata({ queryId, columns }: Head) {
  return {
    queryId,
    columnNames: columns.map(({ name }) => shownName(name)),
    columnTypes: columns.map(typeName),
  }
}

/** Returns the name as ksqlDB shows one that was written without quotes. Some clients find columns only in this form. */
export function shownName(name: string): string {
  return name.toUpperCase()
}

interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Returns the name that ksqlDB's answers have for the type of a column. The bounds of a window are numbers there. */
export function typeName({ name, type }: Column): string {
  return isBound(name) ? 'BIGINT' : type.replace('VARCHAR', 'STRING')
}

/**
 * Returns the values as ksqlDB writes them: a timestamp is a text without a zone.
 *
 * @throws ProblemError for a timestamp that no text can express
 */
export function shownValues(values: readonly Value[], columns: readonly Column[]): readonly unknown[] {
  return values.map((value, index) => {
    const { name = '', type } = columns[index] ?? {}
    if (type !== 'TIMESTAMP' || typeof value !== 'number' || isBound(name)) return value
    if (isTime(value)) return new Date(value).toISOString().slice(0, -1)
    const problem = `${shownName(name)} has a value outside the range of TIMESTAMP.`
    throw new ProblemError('bad-request', `${problem} Select it as BIGINT.`)
  })
}

function isBound(name: string): boolean {
  return /^WINDOW(?:START|END)$/i.test(name)
}
