/** Answers questions about the tables and streams of an environment: with current rows, or with changes and events as they come. */

import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { ExpressionValue } from '../../lib/views/evaluation.ts'
import type { ActivatedPlan } from '../../lib/views/index.ts'
import type { Selection, TableSelection } from '../../lib/views/language/compilation.ts'
import { selectRows } from '../queries/states/view-rows.ts'
import type { Environment } from '../questions/environment.ts'
import { followSelection, openSelectionLog, type RowChange } from './follow-selection.ts'

/** Values of the columns of a row, in their order. */
export type RowValues = readonly ExpressionValue[]

export interface TableReader {
  /** Returns the plan in force. @throws Unavailable */
  tables(): Promise<ActivatedPlan>
  /** Returns the current rows. @throws Unavailable, or OperationFailure for too many rows */
  pull(selection: TableSelection): Promise<readonly RowValues[]>
  /** Yields changes or events until `stop` is aborted. @throws OperationFailure if the table has changed, or Unavailable */
  push(selection: Selection, from: 'beginning' | 'now', stop: AbortSignal): AsyncIterable<RowChange>
}

/** Maximum number of current rows, which are in memory at once. */
const MAX_ROWS = 50_000

export function createTableReader(environment: Environment): TableReader {
  return {
    tables: () => environment.sqlTables(),
    async pull({ table, key: group, limit, selectRow }) {
      const query = { group, toAnswer: selectRow, limit: limit ?? MAX_ROWS }
      const [states, topic] = [await environment.inspection(), await environment.topicSize('view-rows')]
      const { rows, isWhole } = await selectRows(states, topic, table, query)
      if (isWhole || limit !== undefined) return rows
      throw new OperationFailure(`The answer has more than ${MAX_ROWS} rows. Add a condition or a LIMIT.`)
    },
    async *push(selection, from, stop) {
      yield* followSelection(await openSelectionLog(environment), selection, from, stop)
    },
  }
}
