/** The text of `local.sql`, the file of the statements that are sent to ksqlDB's interface of `npm start`, after a CREATE or DROP. */

import { OperationFailure } from '../support/operation-failure.ts'
import type { StatementFile } from '../views/language/compile-plan.ts'
import { parse } from '../views/language/parser.ts'
import type { Statement } from '../views/language/syntax.ts'
import type { ViewPlan } from '../views/plan.ts'
import { isExample, withoutReplaced } from './statements.ts'

/** Statement that changes the plan. */
export type ChangingStatement = Extract<Statement, { readonly kind: 'stream' | 'table' | 'drop' }>

const HEADER = '-- Statements that were sent to the SQL interface, which changes this file.\n'

export interface EditedStatements {
  /** Text of the file. */
  readonly text: string
  /** Files that have the same statements as all files then, the new one where it was typed. */
  readonly files: readonly StatementFile[]
  /** File with the example that steps aside for the statement. */
  readonly aside?: string
}

/**
 * Returns the file after a statement; a notice if, with `IF [NOT] EXISTS`, there is nothing to change.
 *
 * @param files all files of statements, without errors
 * @param local name of the file to change
 * @throws OperationFailure if the statement contradicts what exists
 */
export function editStatements(
  files: readonly StatementFile[],
  local: string,
  statement: ChangingStatement,
  inForce: ViewPlan,
): EditedStatements | { readonly notice: string } {
  const { kind, name, at } = statement
  const declared = files.flatMap(({ name: file, text }) =>
    parse(text).flatMap(found => (isDeclared(found, name.text) ? [{ file, found }] : [])),
  )
  const [first] = declared
  // An example of the same name steps aside, unless it is asked for.
  const isReplacing = first && isExample(first.file) && kind !== 'drop' && !statement.ifNotExists
  const same = isReplacing ? undefined : first
  const existing = isReplacing ? undefined : (same?.found.kind ?? findKind(inForce, name.text))
  const notice = findNotice(statement, existing)
  if (notice !== undefined) return { notice }
  if (same && same.file !== local)
    throw new OperationFailure(
      `${name.text} is declared in ${same.file}. ${kind === 'drop' ? 'Remove it there first' : 'Change it there'}.`,
    )
  const before = files.find(file => file.name === local)?.text ?? ''
  const without = replaceStatement(before, same?.found, undefined)
  const rest = [...files.filter(file => file.name !== local), { name: local, text: without }]
  if (kind === 'drop') return { text: without, files: rest }
  const typed = `${'\n'.repeat(at.line - 1)}${' '.repeat(at.column - 1)}${statement.text}`
  const text = replaceStatement(before, same?.found, statement.text)
  const others = withoutReplaced([...rest.slice(0, -1), { name: local, text }]).slice(0, -1)
  const edited = { text, files: [...others, ...rest.slice(-1), { name: 'statement', text: typed }] }
  return isReplacing ? { ...edited, aside: first.file } : edited
}

/** Returns why nothing is to be changed. @throws OperationFailure if the statement contradicts what exists */
function findNotice(statement: ChangingStatement, existing: string | undefined): string | undefined {
  const { kind, name } = statement
  const wanted = kind === 'drop' ? statement.of : kind
  const isChange = kind === 'drop' ? existing !== undefined : existing === undefined || statement.orReplace
  if (isChange) {
    if (existing === undefined || existing === wanted) return undefined
    throw new OperationFailure(`${name.text} is a ${existing}, not a ${wanted}.`)
  }
  const [problem, isAllowed] =
    kind === 'drop'
      ? [`There is no ${wanted} ${name.text}.`, statement.ifExists]
      : [`The ${existing} ${name.text} already exists.`, statement.ifNotExists]
  if (isAllowed) return problem
  throw new OperationFailure(kind === 'drop' ? problem : `${problem} Use CREATE OR REPLACE to change it.`)
}

function isDeclared(found: Statement, name: string): found is Exclude<ChangingStatement, { kind: 'drop' }> {
  return (found.kind === 'stream' || found.kind === 'table') && isSameName(found.name.text, name)
}

function findKind({ tables, streams }: ViewPlan, name: string): 'table' | 'stream' | undefined {
  const isNamed = (table: { readonly name: string }) => isSameName(table.name, name)
  return tables.some(isNamed) ? 'table' : streams.some(isNamed) ? 'stream' : undefined
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Returns a text of statements in which one is replaced, removed or, if it has none to replace, added. */
function replaceStatement(before: string, found: Statement | undefined, next: string | undefined): string {
  if (!found && next === undefined) return before
  const added = next === undefined ? '' : `${endStatement(next)}\n`
  const last = found ?? parse(before).at(-1)
  if (!last) return `${before.trim() === '' ? HEADER : endLine(before)}${added}`
  const { start } = last
  const end = start + last.text.length
  if (found) return `${before.slice(0, start)}${added}${before.slice(end).replace(/^\s*;[ \t]*\n?/, '')}`
  return `${/^\s*;/.test(before.slice(end)) ? endLine(before) : `${endStatement(before.slice(0, end))}\n`}${added}`
}

/** Returns a text that does not end within a line, such as that of a comment. */
function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** Returns a statement with its semicolon, which is on a line of its own behind a comment that only the end of its line ends. */
function endStatement(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1).includes('--') ? `${text}\n;` : `${text};`
}
