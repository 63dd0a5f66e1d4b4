/** The file of the statements that are typed at ksqlDB's interface of `npm start`: its text and the plan after a CREATE or DROP. */

import type { Families } from '../../telemetry/families.ts'
import { compilePlan, type StatementFile } from '../../views/language/compile-plan.ts'
import type { StreamTopics } from '../../views/language/compile-stream.ts'
import { parse } from '../../views/language/parser.ts'
import { StatementError } from '../../views/language/statement-error.ts'
import type { Statement } from '../../views/language/syntax.ts'
import { type ActivatedPlan, hasTable, readableTables, type ViewPlan } from '../../views/plan.ts'
import { OperationFailure } from '../operation-failure.ts'

/** Statement that changes the plan. */
export type ChangingStatement = Extract<Statement, { readonly kind: 'stream' | 'table' | 'drop' }>

const HEADER = '-- Statements that were typed at the SQL interface of `npm start`, which changes this file.\n'

export interface EditedStatements {
  /** Text of the file. */
  readonly text: string
  /** Plan of all files. */
  readonly packaged: ViewPlan
  /** Plan that is to be in force: the one in force with what the statement changes. */
  readonly wanted: ViewPlan
}

/**
 * Returns the result of a statement; a notice if, with `IF [NOT] EXISTS`, there is nothing to change.
 *
 * @param files all files of statements
 * @param local name of the file to change
 * @param isNoted true for a statement that was begun before, so that files and plan in force may have it already: then the result has it
 * @param topics topics that streams can name
 * @throws OperationFailure or StatementError if the statement cannot be carried out
 */
export function editStatements(
  families: Families,
  files: readonly StatementFile[],
  local: string,
  statement: ChangingStatement,
  inForce: ActivatedPlan,
  isNoted = false,
  topics?: StreamTopics,
): EditedStatements | { readonly notice: string } {
  const { name } = statement
  const declared = files.flatMap(({ name: file, text }) =>
    parse(text).flatMap(found => (isDeclared(found, name.text) ? [{ file, found }] : [])),
  )
  const [same] = declared
  // The plan may have what a noted CREATE declares, so only the files decide whether it contradicts what exists.
  const isBegunCreate = isNoted && statement.kind !== 'drop'
  const existing = same?.found.kind ?? (isBegunCreate ? undefined : findKind(inForce, name.text))
  const notice = findNotice(statement, existing, isNoted)
  if (notice !== undefined) return { notice }
  const isWritten = isBegunCreate && same !== undefined && !statement.orReplace
  if (same && same.file !== local && !isWritten)
    throw new OperationFailure(
      `${name.text} is declared in ${same.file}. Change it there, then run \`sluice views apply\`.`,
    )
  const before = files.find(file => file.name === local)?.text ?? ''
  const next = statement.kind === 'drop' ? undefined : statement.text
  const text = isWritten ? before : replaceStatement(before, same?.found, next)
  const others = files.filter(file => file.name !== local)
  const packaged = compileChanged(families, others, { name: local, text }, statement, topics)
  const wanted = mergePlans(inForce, compilePlan(families, files, parse, topics), packaged, name.text)
  return { text, packaged, wanted }
}

/**
 * @throws OperationFailure for a stream that is dropped while a table reads it, or StatementError, with the position in what was typed
 *   if it is in the statement
 */
function compileChanged(
  families: Families,
  others: readonly StatementFile[],
  local: StatementFile,
  statement: ChangingStatement,
  topics: StreamTopics | undefined,
): ViewPlan {
  try {
    return compilePlan(families, [...others, local], parse, topics)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    const { text } = statement.name
    if (statement.kind !== 'drop') throw error.file === local.name ? toTyped(error, local, statement) : error
    throw new OperationFailure(`${text} is in use, so it is not dropped: ${error.problem}.`, { cause: error })
  }
}

/** Returns an error of the file with its position in the typed statement, if it is in that statement. */
function toTyped(
  error: StatementError,
  { text }: StatementFile,
  { name, at, text: typed }: ChangingStatement,
) {
  const written = parse(text).find(found => isDeclared(found, name.text))?.at
  const line = error.line - (written?.line ?? Number.POSITIVE_INFINITY)
  if (!written || line < 0 || line >= typed.split('\n').length) return error
  const column = line === 0 ? error.column - written.column + at.column : error.column
  return new StatementError(error.problem, { line: at.line + line, column }, error.nearest)
}

/** Returns why nothing is to be changed. @throws OperationFailure if the statement contradicts what exists */
function findNotice(
  statement: ChangingStatement,
  existing: string | undefined,
  isNoted: boolean,
): string | undefined {
  const { kind, name } = statement
  const wanted = kind === 'drop' ? statement.of : kind
  const isChange = kind === 'drop' ? existing !== undefined : existing === undefined || statement.orReplace
  if (isChange || isNoted) {
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
  const isNamed = (one: { readonly name: string }) => isSameName(one.name, name)
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
  if (!last) return `${before.trim() === '' ? HEADER : before}${added}`
  const { line, column } = last.at
  const start =
    before
      .split('\n')
      .slice(0, line - 1)
      .join('\n').length +
    (line > 1 ? 1 : 0) +
    column -
    1
  const end = start + last.text.length
  const behind = before.slice(end).replace(/^\s*;[ \t]*\n?/, '')
  if (found) return `${before.slice(0, start)}${added}${behind}`
  return `${endStatement(before.slice(0, end))}\n${behind}${behind === '' || behind.endsWith('\n') ? '' : '\n'}${added}`
}

/** Returns a statement with its semicolon, which is on a line of its own behind a comment that only the end of its line ends. */
export function endStatement(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1).includes('--') ? `${text}\n;` : `${text};`
}

/**
 * Returns the plan in force with the changes between two plans of files, and with the named table or stream as in the later one.
 * Other differences between files and plan in force stay, as they are for `sluice views apply` to confirm.
 */
function mergePlans(inForce: ActivatedPlan, before: ViewPlan, after: ViewPlan, name: string): ViewPlan {
  const merge = <T extends { readonly name: string }>(
    [current, was, is]: readonly [readonly T[], readonly T[], readonly T[]],
    isUnchanged: (one: T) => boolean,
  ): readonly T[] => {
    const find = (all: readonly T[], one: T) => all.some(other => isSameName(other.name, one.name))
    const changed = is.filter(one => isSameName(one.name, name) || !isUnchanged(one))
    const gone = was.filter(one => !find(is, one))
    const kept = current.filter(one => !find(changed, one) && !find(gone, one) && !isSameName(one.name, name))
    return [...kept, ...changed]
  }
  const streams = new Set(before.streams.map(one => JSON.stringify(one)))
  return {
    streams: merge([inForce.streams, before.streams, after.streams], one => streams.has(JSON.stringify(one))),
    tables: merge([readableTables(inForce), before.tables, after.tables], one =>
      hasTable(before.tables, one),
    ),
  }
}
