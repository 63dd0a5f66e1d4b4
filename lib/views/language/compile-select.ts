/** Compiles questions to tables and streams. Pure. */

import { type Evaluator, type ExpressionValue, evaluator } from '../evaluate-expression.ts'
import type { ViewChanged } from '../event-names.ts'
import {
  type ColumnType,
  type Expression,
  readableTables,
  type Scalar,
  type StreamPlan,
  type TableColumn,
  type TablePlan,
  type ViewPlan,
} from '../plan.ts'
import {
  compileExpression,
  type Resolve,
  requireType,
  resolveWithin,
  type Typed,
} from './compile-expression.ts'
import { columnValue, createRowResolver } from './compile-stream.ts'
import { nameResults } from './name-results.ts'
import { compileStep, StatementError, unknownName } from './statement-error.ts'
import type { Parse, Query, Statement } from './syntax.ts'

/** Row of a table, or of a change of it. */
interface SelectableRow {
  readonly values: Readonly<Record<string, ExpressionValue>>
  readonly rowtimeMs?: number
  readonly window?: { readonly startMs: number; readonly endMs: number }
}

/** A question to a table or a stream. */
export type Selection = TableSelection | StreamSelection

interface Question {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** True if changes are sent as they come: `EMIT CHANGES` and `EMIT FINAL`. */
  readonly isPush: boolean
  readonly limit?: number
}

/** A question to a table. */
export interface TableSelection extends Question {
  readonly table: TablePlan
  /** Values of the group, if the condition names all of them. */
  readonly key?: readonly Scalar[]
  /** Returns the values of the columns; undefined if the row does not meet the condition. */
  selectRow(row: SelectableRow): readonly ExpressionValue[] | undefined
  /** Also returns the key of a row that has ended, unless the condition excludes this key. */
  selectChange(change: ViewChanged): readonly ExpressionValue[] | undefined
}

/** A question to the events of a stream. */
export interface StreamSelection extends Question {
  readonly isPush: true
  readonly stream: StreamPlan
  /** Returns the values of the columns; undefined if the event does not meet the condition. */
  selectEvent(event: object): readonly ExpressionValue[] | undefined
}

/** Plan with generations that are being built, and are not read. */
type ReadablePlan = ViewPlan & { readonly building?: readonly string[] }

/** @throws StatementError if the text is not one SELECT over a table or a stream of the plan */
export function compileSelect(text: string, plan: ReadablePlan, parse: Parse): Selection {
  const query = parseSelect(text, parse)
  return compileStep(query.at, () => compileQuery(query, plan))
}

/** What to do with a statement that is not a question. */
export const DECLARED =
  'CREATE and DROP of tables belong in config/views/*.sql, which `sluice views apply` puts into force; `npm start` also takes them at /ksql'

/** @throws StatementError if the text is not one SELECT */
export function parseSelect(text: string, parse: Parse): SelectQuery {
  const [statement, other] = parse(text)
  if (statement?.kind === 'select' && !other) return statement
  const odd = statement?.kind === 'select' ? other : statement
  const isChange = ['stream', 'table', 'drop'].includes(odd?.kind ?? '')
  const [problem, nearest] = isChange
    ? ([DECLARED, undefined] as const)
    : ['expected one SELECT', 'SELECT * FROM table;']
  throw new StatementError(problem, odd?.at ?? { line: 1, column: 1 }, nearest)
}

type SelectQuery = Query & Pick<Statement, 'at'>

function compileQuery(query: SelectQuery, { streams, tables, building = [] }: ReadablePlan): Selection {
  const { text, at } = query.from
  const isNamed = ({ name }: { readonly name: string }) => name.toLowerCase() === text.toLowerCase()
  const readable = readableTables({ tables, building })
  const [table, stream] = [readable.find(isNamed), streams.find(isNamed)]
  const clause = query.group ? 'GROUP BY' : query.window ? 'WINDOW' : query.having ? 'HAVING' : undefined
  if (clause)
    throw new StatementError(
      `${clause} is a part of a table: a question reads rows as they are`,
      query.at,
      table
        ? `SELECT * FROM ${text} WHERE column = 'value'`
        : `CREATE TABLE name AS SELECT … FROM ${text} GROUP BY column`,
    )
  if (table) return compileTableQuery(query, table)
  if (stream) return compileStreamQuery(query, stream)
  const names = [...readable, ...streams].map(({ name }) => name)
  throw unknownName('table or stream', text, names, at)
}

function compileStreamQuery(query: SelectQuery, stream: StreamPlan): StreamSelection {
  if (query.emit !== 'changes')
    throw new StatementError(
      `${stream.name} is a stream, which has rows only as they come`,
      query.at,
      `SELECT * FROM ${stream.name} EMIT CHANGES LIMIT 10`,
    )
  const every = stream.columns.map(
    (column): Column => ({ name: column.name, type: column.type, value: columnValue(column) }),
  )
  const { question, select } = compileItems(query, createRowResolver(stream), every)
  return { ...question, isPush: true, stream, selectEvent: event => select({ event }) }
}

function compileTableQuery(query: SelectQuery, table: TablePlan): TableSelection {
  const { question, select, where } = compileItems(query, createTableResolver(table), everyColumn(table))
  const isFinalOnly = query.emit === 'final'
  if (isFinalOnly && !table.window) throw new StatementError(`${table.name} has no window to end`, query.at)
  const key = findKey(where ? findEqualities(where) : [], table)
  return {
    ...question,
    table,
    ...(key ? { key } : {}),
    selectRow: row => select({ event: row, ...(row.window && { window: row.window }) }),
    selectChange({ row: values, window, rowtime, final, tombstone }) {
      if (isFinalOnly && final !== true && !tombstone) return undefined
      const bounds = window && { startMs: Date.parse(window.start), endMs: Date.parse(window.end) }
      const from = { event: { values, rowtimeMs: rowtime }, ...(bounds && { window: bounds }) }
      return select(from, tombstone ? isMet => isMet !== false : undefined)
    },
  }
}

/** Compiles the columns and the condition of a question. @param every columns of `*` */
function compileItems(query: SelectQuery, source: Resolve, every: readonly Column[]) {
  const resolve = resolveWithin(query, source)
  const compile = (node: Parameters<Resolve>[0]) => compileExpression(node, resolve)
  const where = query.where ? requireType(compile(query.where), 'BOOLEAN', 'WHERE').value : undefined
  const names = nameResults(query.items ?? [], every)
  const items = query.items?.map(({ value }, i) => ({ ...compile(value), name: names[i] as string }))
  const columns = (items ?? every).map(({ name, type, value }) => ({
    name,
    type: type === 'NULL' ? ('VARCHAR' as const) : type,
    read: evaluator(value),
  }))
  const isMet = where && evaluator(where)
  return {
    where,
    question: {
      columns: columns.map(({ name, type }) => ({ name, type })),
      isPush: query.emit !== undefined,
      ...(query.limit === null ? {} : { limit: query.limit }),
    },
    select: (from: Parameters<Evaluator>[0], meets = (isMet: ExpressionValue): boolean => isMet === true) =>
      isMet && !meets(isMet(from)) ? undefined : columns.map(({ read }) => read(from)),
  }
}

/** Resolves the columns of a table, and the bounds of its windows. */
function createTableResolver({ columns, window }: TablePlan): Resolve {
  return node => {
    if (node.kind !== 'name') return undefined
    const column = columns.find(({ name }) => name.toLowerCase() === node.name.toLowerCase())
    const pseudo = [...(window ? BOUNDS : []), ROWTIME]
    const typed = column ? toColumn(column) : pseudo.find(({ name }) => name === node.name.toUpperCase())
    if (typed) return { ...typed, at: node.at }
    const names = [...columns, ...pseudo].map(({ name }) => name)
    throw unknownName('column', node.name, names, node.at)
  }
}

type Column = Omit<Typed, 'at'> & { readonly name: string }

/** Time of the newest row of the group or of the window. `*` does not contain it. */
const ROWTIME: Column = {
  name: 'ROWTIME',
  type: 'TIMESTAMP',
  value: { kind: 'field', path: ['rowtimeMs'], type: 'TIMESTAMP' },
}
const BOUNDS = (['start', 'end'] as const).map(
  (bound): Column => ({
    name: `WINDOW${bound.toUpperCase()}`,
    type: 'TIMESTAMP',
    value: { kind: 'window', bound },
  }),
)

function toColumn({ name, type }: TableColumn): Column {
  return { name, type, value: { kind: 'field', path: ['values', name], type } }
}

/** Returns the columns of `*`: the values of the group, the bounds of the window, and the others. */
function everyColumn({ columns, window }: TablePlan): readonly Column[] {
  const [keys, others] = [columns.filter(({ isKey }) => isKey), columns.filter(({ isKey }) => !isKey)]
  return [...keys.map(toColumn), ...(window ? BOUNDS : []), ...others.map(toColumn)]
}

/** Field that equals a constant. */
interface Equality {
  readonly name: string | undefined
  readonly value: Scalar
}

/** Returns the equalities with constants that a row must all meet. */
function findEqualities(condition: Expression): readonly Equality[] {
  if (condition.kind !== 'call') return []
  if (condition.name === 'AND') return condition.arguments.flatMap(findEqualities)
  const field = condition.arguments.find(argument => argument.kind === 'field')
  const literal = condition.arguments.find(argument => argument.kind === 'literal')
  return condition.name === '=' && field && literal ? [{ name: field.path[1], value: literal.value }] : []
}

function findKey(equalities: readonly Equality[], table: TablePlan): readonly Scalar[] | undefined {
  const values = table.group.flatMap((_, index) => {
    const keys = table.columns.filter(({ value }) => value.kind === 'group' && value.index === index)
    const found = equalities.find(({ name }) => keys.some(key => key.name === name))
    return found && found.value !== null ? [found.value] : []
  })
  return values.length === table.group.length ? values : undefined
}
