/** Plans of tables and their rows: what the control plane and the two ways in take of this room. Pure. */

export { viewsInForce } from './compiled-table.ts'
export { type ExpressionValue, isTime } from './evaluate-expression.ts'
export {
  groupName,
  isRow,
  rowSource,
  tableOfSource,
  tableSource,
  VIEW_CHANGED_TYPE,
  VIEW_DROPPED_TYPE,
  VIEWS_ACTIVATED_TYPE,
  type ViewChanged,
} from './event-names.ts'
export { rowsOfGroup, type TableRow } from './group-rows.ts'
export type { GroupState } from './group-step.ts'
export {
  type ActivatedPlan,
  type ColumnType,
  hasTable,
  isNamed,
  NO_TABLES,
  readableTables,
  type Scalar,
  type StreamPlan,
  type TablePlan,
  type TableVersion,
  type ViewPlan,
} from './plan.ts'
export { createActivatedPlan, createActivationEvent } from './plan-activation.ts'
export { isRowOfStream } from './stream-events.ts'
