/** The compilation of statements, for answers to queries, and for putting tables into force. Pure. */

export { compilePlan } from './compile-plan.ts'
export * from './compile-select.ts'
export type { StreamTopics } from './compile-stream.ts'
