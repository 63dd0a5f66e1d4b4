/** Questions about the tables that are declared in SQL, as ksqlDB's REST interface asks them. */
import type { StateInspection } from '../../../packages/runtime/adapters/redis/inspection.ts'
import { selectedRows } from '../../queries/view-rows.ts'
import type { TopicSize } from '../../tables/table.ts'
import type { Value } from '../../views/expression.ts'
import type { Selection } from '../../views/language/select.ts'
import type { ActivatedPlan } from '../../views/plan.ts'
import { OperationFailure } from '../failure.ts'
import { type ChangesLog, tableChanges } from './push.ts'

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

interface ReaderPorts {
  readonly plan: () => Promise<ActivatedPlan>
  readonly states: () => Promise<Pick<StateInspection, 'state' | 'states'>>
  /** Returns the topic `view-rows`, with its current number of partitions. */
  readonly rows: () => Promise<TopicSize>
  readonly changes: () => Promise<ChangesLog>
}

/** Maximum number of rows of now. They are in memory before the first one is sent. */
const MAX_ROWS = 50_000

export function tableReader({ plan, states, rows, changes }: ReaderPorts): TableReader {
  return {
    tables: plan,
    async *pull({ table, key, limit, ofRow }) {
      const query = { group: key, of: ofRow, limit: limit ?? MAX_ROWS, nowMs: Date.now() }
      const found = await selectedRows(await states(), await rows(), table, query)
      if (!found.isWhole && limit === undefined)
        throw new OperationFailure(`The answer has more than ${MAX_ROWS} rows. Add a condition or a LIMIT.`)
      yield* found.rows
    },
    async *push({ table, ofChange }, from, stop) {
      for await (const change of tableChanges(await changes(), table, from, stop)) {
        const values = ofChange(change)
        if (values) yield values
      }
    },
  }
}
