/** Compiles the files of `config/views/` into a plan. Pure. */

import type { Families } from '../../telemetry/families.ts'
import {
  type Aggregate,
  APPROXIMATE,
  type Expression,
  type GroupColumn,
  hasTable,
  type StreamPlan,
  type TableColumn,
  type TablePlan,
  type TableVersion,
  type ViewPlan,
} from '../plan.ts'
import { planHash } from '../plan-activation.ts'
import { boundsError } from '../size-limits.ts'
import { TABLE_SIGNALS } from '../stream-events.ts'
import { setExamplesAside } from './aside-examples.ts'
import { AGGREGATE_FUNCTIONS, compileAggregate, hasAggregate, isAggregate } from './compile-aggregate.ts'
import {
  compileExpression,
  includes,
  type Resolve,
  requireType,
  resolveWithin,
  type Typed,
} from './compile-expression.ts'
import { compileStream, createRowResolver, type StreamTopics } from './compile-stream.ts'
import { compileWindow } from './compile-window.ts'
import { nameResults, nameResultsAsBefore } from './name-results.ts'
import { compileStep, StatementError, unknownName } from './statement-error.ts'
import type { Node, Parse, Position, Query, Statement, StatementFile } from './syntax.ts'

type StreamStatement = Extract<Statement, { readonly kind: 'stream' }>
type TableStatement = Extract<Statement, { readonly kind: 'table' }>

/**
 * Compiles all files as one plan. A table can read a stream of any file. Examples step aside for statements of other files.
 *
 * @param families families of the readings
 * @param topics inputs, and names of topics
 * @param existing tables that keep the names of their columns if their statements are the same
 * @throws StatementError that lists the error of each statement that is not valid, with its file
 */
export function compilePlan(
  families: Families,
  files: readonly StatementFile[],
  parse: Parse,
  topics: StreamTopics = { inputs: new Map() },
  existing: readonly TableVersion[] = [],
): ViewPlan {
  const errors: StatementError[] = []
  const collect = <Result>(file: string, at: Position, run: () => Result): Result | undefined => {
    try {
      return compileStep(at, run)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      errors.push(error.inFile(file))
      return undefined
    }
  }
  const statements = files.flatMap(file =>
    splitStatements(file.text).flatMap(text =>
      (collect(file.name, START, () => parse(text)) ?? []).map(statement => ({ file, statement })),
    ),
  )
  const declared = setExamplesAside(statements).kept
  const streams = new Map<string, StreamPlan>()
  const tables = new Map<string, TablePlan>()
  const requireName = ({ name: { text, at } }: StreamStatement | TableStatement): string => {
    const name = text.toLowerCase()
    if (streams.has(name) || tables.has(name)) throw new StatementError(`${text} is declared twice`, at)
    return name
  }
  // Streams first, because a table may be declared above its stream.
  for (const { file, statement } of declared)
    collect(file.name, statement.at, () => {
      if (statement.kind === 'stream')
        streams.set(requireName(statement), compileStream(families, statement, topics))
      else if (statement.kind !== 'table')
        throw new StatementError('a file declares only streams and tables', statement.at, TABLE_FORM)
    })
  // A stream that is missing because of its own error is not reported again for each of its tables.
  const areStreamsKnown = errors.length === 0
  for (const { file, statement } of declared)
    if (statement.kind === 'table' && (areStreamsKnown || streams.has(statement.from.text.toLowerCase())))
      collect(file.name, statement.at, () =>
        tables.set(requireName(statement), compileTable(statement, streams, tables, existing)),
      )
  if (errors.length > 0) throw StatementError.join(errors)
  return { streams: [...streams.values()], tables: [...tables.values()] }
}

/** Returns the statements of a text, each at its line and column, so that all their errors are reported at once. */
function splitStatements(text: string): string[] {
  const tokens = text.matchAll(/'[^']*'?|`[^`\n]*`?|--.*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|;/g)
  const ends = [...tokens].filter(([token]) => token === ';').map(({ index }) => index + 1)
  return [...ends, text.length].map((end, at) => {
    const start = ends[at - 1] ?? 0
    const above = text.slice(0, start).split('\n')
    return `${'\n'.repeat(above.length - 1)}${' '.repeat(above.at(-1)?.length ?? 0)}${text.slice(start, end)}`
  })
}

const START = { line: 1, column: 1 }
const TABLE_FORM = 'CREATE TABLE name AS SELECT column, COUNT(*) AS count FROM stream GROUP BY column;'

const WINDOW_FORM = 'WINDOW TUMBLING (SIZE 1 MINUTE)'

function compileTable(
  statement: TableStatement,
  streams: ReadonlyMap<string, StreamPlan>,
  tables: ReadonlyMap<string, TablePlan>,
  existing: readonly TableVersion[],
): TablePlan {
  const { name, where, text, emit, at } = statement
  const stream = findStream(statement, streams, tables)
  if (!statement.group) throw new StatementError('a table without groups has no bound', at, TABLE_FORM)
  if (statement.limit !== null)
    throw new StatementError('a table has no LIMIT', at, 'SELECT * FROM table LIMIT 10')
  if (emit === 'final' && !statement.window)
    throw new StatementError('EMIT FINAL needs a window', at, WINDOW_FORM)
  // The name is a part of a URI.
  if (!/^\w+$/.test(name.text))
    throw new StatementError('the name of a table has only letters, digits and _', name.at)
  const row = resolveWithin(statement, createRowResolver(stream, statement.items))
  const condition =
    where && requireType(compileExpression(where, row, AGGREGATE_FUNCTIONS), 'BOOLEAN', 'WHERE').value
  const keys = statement.group.map(node => compileKey(node, row, statement))
  const aggregates: Aggregate[] = []
  const resolve = createGroupResolver(row, keys, aggregates, statement)
  const { items, results } = compileItems(statement, resolve, aggregates)
  const having =
    statement.having && requireType(compileExpression(statement.having, resolve), 'BOOLEAN', 'HAVING').value
  const window = statement.window && compileWindow(statement.window, aggregates)
  /** Returns the plan with these names of the columns. */
  const createPlan = (resultNames: readonly string[]): TablePlan => {
    const columns = results.map((result, i) => ({ name: resultNames[i] as string, ...result }))
    const group = keys.map((key, index): GroupColumn => {
      const column = columns.find(({ value }) => value.kind === 'group' && value.index === index)
      if (!column)
        throw new StatementError('a value of GROUP BY is not among the columns', key.at, TABLE_FORM)
      return { name: column.name, type: column.type, value: key.value }
    })
    const rows = {
      signal: stream.signal,
      ...(stream.input === undefined ? {} : { input: stream.input }),
      ...(stream.types ? { types: stream.types } : {}),
      ...(condition ? { where: condition } : {}),
      group,
      ...(window ? { window } : {}),
      aggregates,
      columns,
      ...(having ? { having } : {}),
      ...(emit === 'final' ? { isFinalOnly: true as const } : {}),
    }
    return { name: name.text, generation: planHash(rows).slice(0, 8), statement: text, ...rows }
  }
  const resultNames = nameResults(items, stream.columns)
  requireDistinct(resultNames, items)
  const table = createPlan(resultNames)
  const error = boundsError(table)
  if (error !== undefined) throw new StatementError(error, at)
  const before = createPlan(nameResultsAsBefore(items))
  return hasTable(existing, before) ? before : table
}

/** Returns the stream that a table reads. @throws StatementError if there is none of this name, or tables cannot read it */
function findStream(
  { from }: TableStatement,
  streams: ReadonlyMap<string, StreamPlan>,
  tables: ReadonlyMap<string, TablePlan>,
): StreamPlan {
  const stream = streams.get(from.text.toLowerCase())
  if (tables.has(from.text.toLowerCase()))
    throw new StatementError(`${from.text} is a table, and a table reads a stream`, from.at)
  const names = Array.from(streams.values(), stream => stream.name)
  if (!stream) throw unknownName('stream', from.text, names, from.at)
  if (TABLE_SIGNALS.includes(stream.signal)) return stream
  throw new StatementError(
    `a table reads ${TABLE_SIGNALS.join(' or ')}, and ${stream.name} is of ${stream.signal}`,
    from.at,
    `SELECT * FROM ${stream.name} EMIT CHANGES`,
  )
}

/** @throws StatementError if two columns have the same name, in upper or lower case */
function requireDistinct(names: readonly string[], items: Parameters<typeof nameResults>[0]): void {
  const lowerCase = names.map(name => name.toLowerCase())
  const repeated = items.find((_, i) => lowerCase.indexOf(lowerCase[i] as string) < i)
  if (!repeated) return
  const { at, text } = repeated.name ?? { ...repeated.value, text: repeated.text }
  throw new StatementError(`the column ${text} is declared twice`, at)
}

function compileKey(node: Node, row: Resolve, { window }: Query): Typed {
  const key = compileExpression(node, row)
  if (node.kind === 'literal')
    throw new StatementError('GROUP BY takes columns, not numbers', node.at, 'GROUP BY column')
  if (key.type === 'DOUBLE')
    throw new StatementError('GROUP BY a DOUBLE has no bound', node.at, 'GROUP BY ROUND(column)')
  if (!window && includes(key.value, part => part.kind === 'field' && part.type === 'TIMESTAMP'))
    throw new StatementError('GROUP BY a time has no bound', node.at, `${WINDOW_FORM} GROUP BY column`)
  return requireType(key, 'same', 'GROUP BY')
}

/** Resolves the values of a group: those of GROUP BY, the bounds of the window, and aggregates, which are collected. */
function createGroupResolver(
  row: Resolve,
  keys: readonly Typed[],
  aggregates: Aggregate[],
  { window }: Query,
): Resolve {
  return node => {
    const { at } = node
    if (node.kind === 'call' && isAggregate(node)) {
      const { aggregate, type } = compileAggregate(node, argument => compileExpression(argument, row))
      const existingIndex = aggregates.findIndex(known => isSame(known, aggregate))
      const index = existingIndex >= 0 ? existingIndex : aggregates.push(aggregate) - 1
      return { value: { kind: 'aggregate', index }, type, at }
    }
    const bound = node.kind === 'name' ? boundNamed(node.name) : undefined
    if (bound) {
      if (!window) throw new StatementError('the table has no window', at, WINDOW_FORM)
      return { value: { kind: 'window', bound }, type: 'TIMESTAMP', at }
    }
    if (node.kind === 'literal' || hasAggregate(node)) return undefined
    const key = findGroupKey(node, row, keys)
    if (key) return { ...key, at }
    if (node.kind !== 'name') return undefined
    row(node)
    const { name } = node
    throw new StatementError(`${name} is neither grouped nor aggregated`, at, `LATEST_BY_OFFSET(${name})`)
  }
}

/** Returns the value of GROUP BY that a node repeats. */
function findGroupKey(node: Node, row: Resolve, keys: readonly Typed[]): Omit<Typed, 'at'> | undefined {
  let value: Expression
  try {
    value = compileExpression(node, row).value
  } catch (error) {
    // A part of the node may exist only in the group, such as WINDOWSTART. Its parts are resolved one by one.
    if (error instanceof StatementError) return undefined
    throw error
  }
  const index = keys.findIndex(key => isSame(key.value, value))
  const key = keys[index]
  return key && { value: { kind: 'group', index }, type: key.type }
}

/** Returns the bound of a window that a name of ksqlDB means. */
function boundNamed(name: string): 'start' | 'end' | undefined {
  const upper = name.toUpperCase()
  return upper === 'WINDOWSTART' ? 'start' : upper === 'WINDOWEND' ? 'end' : undefined
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function compileItems({ items, at }: TableStatement, resolve: Resolve, aggregates: readonly Aggregate[]) {
  if (!items) throw new StatementError('a table names its columns', at, TABLE_FORM)
  const results = items.map((item): Omit<TableColumn, 'name'> => {
    const { value, type } = compileExpression(item.value, resolve, AGGREGATE_FUNCTIONS)
    const approximate = aggregates.map(aggregate => APPROXIMATE.includes(aggregate.function))
    const isApproximate = includes(
      value,
      part => part.kind === 'aggregate' && approximate[part.index] === true,
    )
    return {
      type: type === 'NULL' ? 'VARCHAR' : type,
      value,
      ...(value.kind === 'group' ? { isKey: true as const } : {}),
      ...(isApproximate ? { isApproximate: true as const } : {}),
    }
  })
  return { items, results }
}
