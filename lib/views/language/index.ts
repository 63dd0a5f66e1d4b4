/** Words and statements of the language of tables, for the control plane and the two ways in. Pure. `compilation.ts` and `parser.ts` are doors of their own. */

export * from './aside-examples.ts'
export { StatementError } from './statement-error.ts'
export type { ChangingStatement, Parse, Statement, StatementFile } from './syntax.ts'
