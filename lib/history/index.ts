/** Tables, objects and rows of the history, for the control plane, the local cloud and deployments. Pure. */

export {
  type ColumnType,
  type DataColumn,
  type HistoryColumn,
  listColumns,
  listSchemaColumns,
  listStoredColumns,
  nameFields,
  RECORD_COLUMNS,
} from './columns.ts'
export * from './coverage.ts'
export type { HistoryObject } from './object-key.ts'
export {
  DamagedObject,
  encodeRows,
  objectPart,
  ParquetFile,
  type ReadColumns,
  renameColumns,
  rowAt,
} from './parquet.ts'
export {
  createDamagedError,
  groupsOfSlice,
  isWithin,
  listObjects,
  listSlices,
  objectBytes,
  rowsOfSlice,
} from './read-history.ts'
export { type HistoryRow, toHistoryRows, toOriginalRecord } from './row.ts'
export type { ColumnValue } from './row-columns.ts'
export { type HistoryStore, HistoryUnavailable } from './store.ts'
export { getTableSignal, HISTORY_TABLES, type HistoryTable } from './tables.ts'
