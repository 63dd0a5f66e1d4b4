/** Examples that step aside: shipped statements whose name or stream other files declare, or whose name `local.sql` drops. Pure. */

import type { ChangingStatement, Statement, StatementFile } from './syntax.ts'

/** File of the statements that people send. */
export const LOCAL_FILE = 'local.sql'
/** Files with examples. */
const EXAMPLES = /(?:^|\/)(?:device_ksql|transitions)\.sql$/

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
  /** False if it was dropped. */
  readonly isReplaced: boolean
}

export function isExample({ name }: StatementFile): boolean {
  return EXAMPLES.test(name)
}

/** Returns whether a statement declares or drops a stream or table. Upper and lower case are the same. */
export function isAbout(statement: Statement, name: string): statement is ChangingStatement {
  return isChanging(statement) && statement.name.text.toLowerCase() === name.toLowerCase()
}

/** Returns the statements without the examples that step aside, and without the DROPs of `local.sql`, which only do that. */
export function setExamplesAside(statements: readonly FileStatement[]) {
  const others = statements.filter(({ file }) => !isExample(file))
  const aside: AsideExample[] = []
  const kept = statements.filter(({ file, statement }) => {
    if (!isExample(file)) return statement.kind !== 'drop' || file.name.split('/').at(-1) !== LOCAL_FILE
    if (statement.kind !== 'stream' && statement.kind !== 'table') return true
    const name = statement.name.text
    const isReplaced = others.some(
      ({ statement: { kind }, statement: other }) =>
        kind !== 'drop' &&
        (isAbout(other, name) || ('from' in statement && isAbout(other, statement.from.text))),
    )
    // A DROP holds until the file of the example is saved.
    const isDropped = others.some(
      other => isAbout(other.statement, name) && (file.savedAtMs ?? 0) <= (other.file.savedAtMs ?? Infinity),
    )
    if (isReplaced || isDropped) aside.push({ name, file: file.name, isReplaced })
    return !isReplaced && !isDropped
  })
  return { kept, aside }
}

/** Returns a line for each example that steps aside. */
export function describeAside(aside: readonly AsideExample[]): readonly string[] {
  return aside.map(({ name, file, isReplaced }) =>
    isReplaced
      ? `${name}: the example of ${file} steps aside`
      : `${name}: the example stays away until ${file} is saved, or until the data is removed (npm start -- --fresh)`,
  )
}
