/** The evaluation of tables: for what reads their rows, or builds them from the past. Pure. */

export { viewsInForce } from './compiled-table.ts'
export { type ExpressionValue, isTime } from './evaluate-expression.ts'
export { rowsOfGroup, type TableRow } from './group-rows.ts'
export type { GroupState } from './group-step.ts'
export { isRowOfStream } from './stream-events.ts'
