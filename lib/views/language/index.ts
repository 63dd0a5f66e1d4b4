/** The language of tables: what the control plane and the two ways in take of its words and statements. Pure. `compilation.ts` and `parser.ts` are doors of their own. */

export * from './aside-examples.ts'
export { StatementError } from './statement-error.ts'
export type { ChangingStatement, Parse, Statement, StatementFile } from './syntax.ts'
