/** Plans of tables, for the control plane, the two ways in and deployments. Pure. */

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
