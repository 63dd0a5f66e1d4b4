/** Plans of tables from files, for commands and deployments. */

export { loadPlan, readTables } from './plan-file.ts'
