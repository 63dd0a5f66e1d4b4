/** The compilation of statements, for what answers queries or puts tables into force. Pure. */

export { compilePlan } from './compile-plan.ts'
export * from './compile-select.ts'
export type { StreamTopics } from './compile-stream.ts'
