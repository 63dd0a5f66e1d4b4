/** The language of tables: what the control plane, the two ways in and the local cloud take of it. Pure; `parser.ts`, which reads the grammar, is a door of its own. */

export * from './aside-examples.ts'
export { compilePlan } from './compile-plan.ts'
export * from './compile-select.ts'
export type { StreamTopics } from './compile-stream.ts'
export { StatementError } from './statement-error.ts'
export type { ChangingStatement, Parse, Statement, StatementFile } from './syntax.ts'
