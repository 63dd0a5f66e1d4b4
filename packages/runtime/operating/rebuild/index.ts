/** New states from the log, computed and exchanged as a whole, for operators. Loads no client. */
export { MemoryRebuilds } from '../../adapters/memory/rebuilds.ts'
export type { Rebuild, StateContents, StateFacts } from '../../pipeline/replacing/replaceable-states.ts'
export { afterRecord } from '../../pipeline/reprocessing/entity-takeover.ts'
export { RebuiltState } from '../../pipeline/reprocessing/rebuilt-state.ts'
export { reprocess } from '../../pipeline/reprocessing/reprocess.ts'
