/** States that are replaced as a whole, for operators. The application imports this room through this file. */
export { type Operation, Operations } from './operations.ts'
export type { Rebuild, StateContents, StateFacts } from './replaceable-states.ts'
