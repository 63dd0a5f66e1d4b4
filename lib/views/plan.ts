/**
 * The plan of all tables: what the statements in `config/views/` mean, without their text. The language writes it before a
 * deployment, and the consumer `views` runs it, so no function needs a parser. It must stay serializable as JSON.
 */
import type { WindowPlan } from '../windows/windows.ts'

/** Type of a column. `TOPK` returns a list. */
export type ColumnType =
  | 'VARCHAR'
  | 'BOOLEAN'
  | 'BIGINT'
  | 'DOUBLE'
  | 'TIMESTAMP'
  | `ARRAY<${'VARCHAR' | 'BIGINT' | 'DOUBLE'}>`

/** Value of a column. A timestamp is a number: milliseconds since the epoch. */
export type Scalar = string | number | boolean | null

/** Maximum length of a text that is grouped or aggregated, so that the state of a group is bounded. Longer texts are null. */
export const MAX_TEXT_LENGTH = 300

export interface ViewPlan {
  /** Streams, which name the fields of the events of a topic. Nothing is stored for them. */
  readonly streams: readonly StreamPlan[]
  readonly tables: readonly TablePlan[]
}

export interface StreamPlan {
  readonly name: string
  /** Topic whose events are the rows. */
  readonly signal: string
  /** Topic of the input that brings the rows; absent if the rows do not depend on who brings them. */
  readonly input?: string
  /** Event types of the rows; absent for all types of the signal. */
  readonly types?: readonly string[]
  readonly columns: readonly StreamColumn[]
}

export interface StreamColumn {
  readonly name: string
  readonly type: ColumnType
  /** Place of the value in the event, such as `['data', 'deviceId']` or `['subject']`. */
  readonly path: readonly string[]
  /** Type of the value in the event, if the column converts it. */
  readonly stored?: ColumnType
  readonly isKey?: true
}

export interface TablePlan {
  readonly name: string
  /**
   * First eight hexadecimal digits of the hash of everything that determines the rows. If the past was added to the table, a dot and
   * digits of that operation follow.
   */
  readonly generation: string
  /** Text of the statement, for people. */
  readonly statement: string
  readonly signal: string
  /** See `StreamPlan.input`. */
  readonly input?: string
  /** Event types of the rows; absent for all types of the signal. */
  readonly types?: readonly string[]
  /** Condition on a row, without aggregates. */
  readonly where?: Expression
  /** Values that make a group. A row for which one of them is null belongs to no group. */
  readonly group: readonly GroupColumn[]
  readonly window?: WindowPlan
  readonly aggregates: readonly Aggregate[]
  /** Columns of the table, in their order. */
  readonly columns: readonly TableColumn[]
  /** Condition on a row of the table. Rows that do not meet it are not shown. */
  readonly having?: Expression
  /** True if only final rows of windows are changes that people see: `EMIT FINAL`. */
  readonly isFinalOnly?: true
}

export interface GroupColumn {
  readonly name: string
  readonly type: ColumnType
  readonly value: Expression
}

export interface Aggregate {
  readonly function: AggregateName
  /** Value that is aggregated; absent for `COUNT(*)`. Rows for which it is null do not count. */
  readonly argument?: Expression
  /** Number of values of `TOPK` and `TOPKDISTINCT`. */
  readonly parameter?: number
}

export const AGGREGATES = [
  'COUNT',
  'COUNT_DISTINCT',
  'SUM',
  'AVG',
  'STDDEV',
  'MIN',
  'MAX',
  'FIRST',
  'LAST',
  'TOPK',
  'TOPKDISTINCT',
] as const
export type AggregateName = (typeof AGGREGATES)[number]

/** Aggregates whose values are lists, of at most `parameter` values. */
export const LISTS: readonly AggregateName[] = ['TOPK', 'TOPKDISTINCT']

/** Aggregates that are computed from a sketch of bounded size, so their values are approximate. */
export const APPROXIMATE: readonly AggregateName[] = ['COUNT_DISTINCT']

export interface TableColumn {
  readonly name: string
  readonly type: ColumnType
  /** Value, from the group, the aggregates and the bounds of the window. */
  readonly value: Expression
  /** True if the value is one of the group. */
  readonly isKey?: true
  readonly isApproximate?: true
}

/**
 * Expression without text. In `where`, `group` and arguments of aggregates, `field` is a place in the event. In columns and `having`,
 * `group` and `aggregate` are indexes, and `window` is a bound of the window.
 */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Scalar }
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly type: ColumnType }
  | { readonly kind: 'group'; readonly index: number }
  | { readonly kind: 'aggregate'; readonly index: number }
  | { readonly kind: 'window'; readonly bound: 'start' | 'end' }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly arguments: readonly Expression[] }
  | {
      readonly kind: 'case'
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
      readonly otherwise: Expression
    }

/** Operators and functions of one row. If an argument is null, so is the result, except where SQL says otherwise. */
const FUNCTIONS = [
  ...(['+', '-', '*', '/', '%', 'NEGATE'] as const),
  ...(['=', '<>', '<', '<=', '>', '>=', 'AND', 'OR', 'NOT', 'IS_NULL', 'IS_DISTINCT', 'IN', 'LIKE'] as const),
  ...(['ABS', 'CEIL', 'FLOOR', 'ROUND', 'SQRT', 'COALESCE', 'NULLIF'] as const),
  ...(['LCASE', 'UCASE', 'LEN', 'TRIM', 'SUBSTRING', 'CONCAT'] as const),
  ...(['TO_VARCHAR', 'TO_BIGINT', 'TO_DOUBLE', 'TO_BOOLEAN'] as const),
] as const
export type FunctionName = (typeof FUNCTIONS)[number]

/** The plan in force in a partition, and the tables that are being built beside those that people read. */
export interface ActivatedPlan extends ViewPlan {
  /** SHA-256 of the plan, as hexadecimal digits. */
  readonly hash: string
  /** Generations that are being built. Their tables are in `tables` too, beside the table of the same name that is read. */
  readonly building: readonly string[]
  /** Package with which the plan was made; absent until the first deployment. */
  readonly packaged?: PackagedTables
}

/** Plan before the first activation. */
export const NO_TABLES: ActivatedPlan = { hash: '', streams: [], tables: [], building: [] }

export interface PackagedTables {
  /** SHA-256 of the packaged plan, as hexadecimal digits. */
  readonly hash: string
  readonly tables: readonly TableVersion[]
}

export type TableVersion = Pick<TablePlan, 'name' | 'generation'>

/** Returns the tables that can be read. */
export function readableTables({
  tables,
  building,
}: Pick<ActivatedPlan, 'tables' | 'building'>): readonly TablePlan[] {
  return tables.filter(({ generation }) => !building.includes(generation))
}

/** Returns whether one of the tables has the same name and the same statement. */
export function hasTable(tables: readonly TableVersion[], { name, generation }: TableVersion): boolean {
  return tables.some(
    table => table.name === name && statementHash(table.generation) === statementHash(generation),
  )
}

function statementHash(generation: string): string | undefined {
  return generation.split('.')[0]
}

export function isNamed(tables: readonly TableVersion[], name: string): boolean {
  return tables.some(table => table.name === name)
}
