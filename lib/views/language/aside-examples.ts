/** Examples that step aside: shipped statements whose name, or whose stream, other files declare or `local.sql` drops. Pure. */

import { basename } from 'node:path'
import type { StatementFile } from './compile-plan.ts'
import type { ChangingStatement, Statement } from './syntax.ts'

/** File of the statements that people send. */
export const LOCAL_FILE = 'local.sql'
/** Files with examples. */
const EXAMPLES = ['device_ksql.sql', 'transitions.sql']

export function isChanging(statement: Statement): statement is ChangingStatement {
  return ['stream', 'table', 'drop'].includes(statement.kind)
}

export interface FileStatement {
  readonly file: StatementFile
  readonly statement: Statement
}

/** Example that is not part of the plan. */
export interface AsideExample {
  readonly name: string
  readonly file: string
  readonly reason: 'replaced' | 'dropped'
}

/** Returns whether a file has examples. */
export function isExample({ name }: StatementFile): boolean {
  return EXAMPLES.includes(basename(name))
}

/** Returns whether a statement declares or drops a stream or table. Upper and lower case are the same. */
export function isAbout(statement: Statement, name: string): statement is ChangingStatement {
  return isChanging(statement) && statement.name.text.toLowerCase() === name.toLowerCase()
}

/** Returns the statements without the examples that step aside, and without the DROPs of `local.sql`, which only do that. */
export function setExamplesAside(statements: readonly FileStatement[]): {
  readonly kept: readonly FileStatement[]
  readonly aside: readonly AsideExample[]
} {
  const others = statements.filter(({ file }) => !isExample(file))
  const aside: AsideExample[] = []
  const kept = statements.filter(({ file, statement }) => {
    if (!isExample(file)) return statement.kind !== 'drop' || basename(file.name) !== LOCAL_FILE
    if (statement.kind !== 'stream' && statement.kind !== 'table') return true
    const names = [statement.name.text, 'from' in statement ? statement.from.text : '']
    const found = others.filter(
      other => names.some(name => isAbout(other.statement, name)) && !isLapsed(other, file),
    )
    if (found.length === 0) return true
    const reason = found.every(other => other.statement.kind === 'drop') ? 'dropped' : 'replaced'
    aside.push({ name: statement.name.text, file: file.name, reason })
    return false
  })
  return { kept, aside }
}

/** Returns whether a statement is a DROP of an example whose file was saved since. */
function isLapsed({ file, statement }: FileStatement, { savedAtMs = 0 }: StatementFile): boolean {
  return statement.kind === 'drop' && savedAtMs > (file.savedAtMs ?? Number.POSITIVE_INFINITY)
}

/** Returns a line for each example that steps aside. */
export function describeAside(aside: readonly AsideExample[]): readonly string[] {
  return aside.map(({ name, file, reason }) =>
    reason === 'replaced'
      ? `${name}: the example of ${file} steps aside`
      : `${name}: the example stays away until ${file} is saved, or until the data is removed (npm start -- --fresh)`,
  )
}
