/** Questions about the tables that are declared in SQL, as ksqlDB's REST interface asks them. */
import type { Value } from '../../views/expression.ts'
import type { Selection } from '../../views/language/select.ts'
import type { ActivatedPlan } from '../../views/plan.ts'

/** Values of the columns of a row, in their order. */
export type RowValues = readonly Value[]

export interface TableReader {
  /** Returns the plan in force. @throws Unavailable */
  tables(): Promise<ActivatedPlan>
  /** Yields the rows of now. @throws Unavailable */
  pull(selection: Selection): AsyncIterable<RowValues>
  /** Yields changes until `stop` is aborted. @throws TableGone, Unavailable */
  push(selection: Selection, from: 'beginning' | 'now', stop: AbortSignal): AsyncIterable<RowValues>
}
