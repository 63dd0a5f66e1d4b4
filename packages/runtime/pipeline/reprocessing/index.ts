/** New states from the log, for operators. The application imports this room through this file. */
export { afterRecord } from './entity-takeover.ts'
export { RebuiltState } from './rebuilt-state.ts'
export { reprocess } from './reprocess.ts'
