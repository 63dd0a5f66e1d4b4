/** Questions about the tables that are declared in SQL. The console and its REST interface ask through these ports. */
import type { ViewChanged } from '../../views/event-names.ts'
import type { ActivatedPlan, ColumnType, Scalar, TablePlan } from '../../views/plan.ts'

/** Values of the columns of a row, in their order. */
export type RowValues = readonly (Scalar | readonly Scalar[])[]

/** Row of a table. */
interface TableRow {
  readonly values: Readonly<Record<string, Scalar | readonly Scalar[]>>
  readonly window?: { readonly startMs: number; readonly endMs: number }
  readonly isFinal?: boolean
}

/** A `SELECT` statement that is ready to be asked. */
export interface Selection {
  readonly table: TablePlan
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  /** True for changes as they come, false for the rows of now. */
  readonly isPush: boolean
  readonly limit?: number
  /** Values of the only group; absent for all groups. */
  readonly key?: readonly Scalar[]
  readonly ofRow: (row: TableRow) => RowValues | undefined
  readonly ofChange: (change: ViewChanged) => RowValues | undefined
}

export interface TableReader {
  /** Returns the plan in force. @throws Unavailable */
  tables(): Promise<ActivatedPlan>
  /** Yields the rows of now. @throws Unavailable */
  pull(selection: Selection): AsyncIterable<RowValues>
  /** Yields changes until `stop` is aborted. @throws TableGone, Unavailable */
  push(selection: Selection, from: 'beginning' | 'now', stop: AbortSignal): AsyncIterable<RowValues>
}

/** Statement as ksqlDB's clients send it. `text` is its text, and `name` that of the table or stream. */
export type AskedStatement =
  | { readonly kind: 'tables' | 'streams' | 'select' | 'create'; readonly text: string }
  | { readonly kind: 'describe' | 'drop'; readonly text: string; readonly name: string }

/** The language of statements. Only the command line has it, so that no bundle has a parser. */
export interface StatementLanguage {
  /** Returns the statements of a text. @throws StatementError */
  statements(text: string): readonly AskedStatement[]
  /** Returns the only statement of a text, which must be `SELECT`. @throws StatementError */
  select(text: string, plan: ActivatedPlan): Selection
}
