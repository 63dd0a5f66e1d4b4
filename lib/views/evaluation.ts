/** The evaluation of tables, for readers of their rows, and for builds from the past. Pure. */

export { viewsInForce } from './compiled-table.ts'
export { type ExpressionValue, isTime } from './evaluate-expression.ts'
export { rowsOfGroup, type TableRow } from './group-rows.ts'
export type { GroupState } from './group-step.ts'
export { isRowOfStream } from './stream-events.ts'
