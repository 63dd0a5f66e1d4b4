/** The text of `local.sql`, the file of the statements that are sent to ksqlDB's interface of `npm start`, after a CREATE or DROP. */

import { OperationFailure } from '../../lib/support/operation-failure.ts'
import type { ViewPlan } from '../../lib/views/index.ts'
import {
  type AsideExample,
  type ChangingStatement,
  type FileStatement,
  isAbout,
  isExample,
  type Statement,
  type StatementFile,
  setExamplesAside,
} from '../../lib/views/language/index.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { parseFiles } from './statements.ts'

const HEADER = '-- Statements that were sent to the SQL interface, which changes this file.\n'

export interface EditedStatements {
  /** Text of the file. */
  readonly text: string
  /** Files that have the same statements as all files then, the new one where it was typed. */
  readonly files: readonly StatementFile[]
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
  const all = parseFiles(files)
  const { kept, aside } = setExamplesAside(all)
  const same = kept.find(({ statement }) => isAbout(statement, name.text))
  // An example of the same name steps aside, unless it is asked for.
  const isReplacing = same && isExample(same.file) && kind !== 'drop' && !statement.ifNotExists
  const isAside = aside.some(example => isAbout(statement, example.name))
  const found = same?.statement.kind ?? (isAside ? undefined : findKind(inForce, name.text))
  const notice = findNotice(statement, isReplacing ? undefined : found)
  if (notice !== undefined) return { notice }
  if (same && same.file.name !== local && !isExample(same.file))
    throw new OperationFailure(
      `${name.text} is declared in ${same.file.name}. ${kind === 'drop' ? 'Remove it there first' : 'Change it there'}.`,
    )
  const before = removeIdleDrops(files.find(file => file.name === local)?.text ?? '', aside)
  const own = parse(before).find(statement => isAbout(statement, name.text))
  const rest = files.filter(file => file.name !== local)
  if (kind !== 'drop') {
    const typed = `${'\n'.repeat(at.line - 1)}${' '.repeat(at.column - 1)}${statement.text}`
    const others = [...rest, { name: local, text: replaceStatement(before, own, undefined) }]
    return {
      text: replaceStatement(before, own, statement.text),
      files: [...others, { name: 'statement', text: typed }],
    }
  }
  // Without its DROP in the file, an example of that name would come back. A stream of one's own has tables of examples aside,
  // which would lack it.
  const isOfExample = (other: FileStatement) => isExample(other.file) && isAbout(other.statement, name.text)
  const staysAway =
    statement.of === 'table' ? all.some(isOfExample) : same !== undefined && isExample(same.file)
  const text = replaceStatement(before, own, staysAway ? statement.text : undefined)
  return { text, files: [...rest, { name: local, text }] }
}

/** Returns the text of the file without DROPs that set no example aside, such as one whose example was saved since. */
function removeIdleDrops(text: string, aside: readonly AsideExample[]): string {
  const idle = parse(text).filter(
    statement => statement.kind === 'drop' && !aside.some(({ name }) => isAbout(statement, name)),
  )
  return idle.reduceRight((text, statement) => replaceStatement(text, statement, undefined), text)
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

function findKind({ tables, streams }: ViewPlan, name: string): 'table' | 'stream' | undefined {
  const isNamed = (table: { readonly name: string }) => table.name.toLowerCase() === name.toLowerCase()
  return tables.some(isNamed) ? 'table' : streams.some(isNamed) ? 'stream' : undefined
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
