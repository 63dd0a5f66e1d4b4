/** Reads statements that declare tables, from files whose names end in `.sql`. */
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readConfigFile } from '../../lib/support/adapters/config-file.ts'
import { fileFailure, OperationFailure } from '../../lib/support/operation-failure.ts'
import type { Families } from '../../lib/telemetry/index.ts'
import type { TableVersion, ViewPlan } from '../../lib/views/index.ts'
import { compilePlan, type StreamTopics } from '../../lib/views/language/compilation.ts'
import {
  type AsideExample,
  type FileStatement,
  type StatementFile,
  setExamplesAside,
} from '../../lib/views/language/index.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { describeIgnored, type PlanChange } from './plan-change.ts'

/**
 * Returns the plan of the statements in a file, or in all files of a folder.
 *
 * @param shown path in messages
 * @param topics topics that streams can name
 * @param sent folder with sent statements, which follow
 * @param existing see `compilePlan`
 * @throws OperationFailure if the path cannot be read, or a folder has no statements
 * @throws StatementError if a statement has an error
 */
export async function readPlan(
  families: Families,
  path: string,
  shown: string,
  topics: StreamTopics,
  sent?: string,
  existing?: readonly TableVersion[],
): Promise<ViewPlan> {
  return compileFiles(families, await readStatements(path, shown, sent), shown, topics, existing)
}

/** Compiles the statements of files. @throws the errors of `readPlan` */
export function compileFiles(
  families: Families,
  files: readonly StatementFile[],
  shown: string,
  topics: StreamTopics,
  existing?: readonly TableVersion[],
): ViewPlan {
  if (files.length === 0) throw new OperationFailure(`${shown}: the folder has no *.sql file`)
  return compilePlan(families, files, parse, topics, existing)
}

/** Returns a line for each changed statement with properties from which nothing follows. */
export function findNotices(
  files: readonly StatementFile[],
  { build, changesStreams }: PlanChange,
): readonly string[] {
  return parseFiles(files).flatMap(({ statement }) => {
    const isBuilt = 'name' in statement && build.some(({ name }) => name === statement.name.text)
    return (statement.kind === 'stream' ? changesStreams : isBuilt) ? describeIgnored(statement) : []
  })
}

/** Returns the statements of files. @throws StatementError for a text that is not SQL */
export function parseFiles(files: readonly StatementFile[]): readonly FileStatement[] {
  return files.flatMap(file => parse(file.text).map(statement => ({ file, statement })))
}

/** Returns the examples that step aside. @throws StatementError for a text that is not SQL */
export function listAside(files: readonly StatementFile[]): readonly AsideExample[] {
  return setExamplesAside(parseFiles(files)).aside
}

/**
 * Reads the statements of a file or of all files of a folder, and then those that were sent.
 *
 * @param sent folder with sent statements, which does not have to exist
 * @throws OperationFailure or FileError if the path cannot be read
 */
export async function readStatements(
  path: string,
  shown: string,
  sent?: string,
): Promise<readonly StatementFile[]> {
  const files = await readFiles(path, shown)
  const more = sent !== undefined && existsSync(sent) ? await readFiles(sent, showSent(sent)) : []
  return [...files, ...more]
}

/** Returns the path of the folder of sent statements in messages. */
export function showSent(sent: string): string {
  return relative('', sent)
}

async function readFiles(path: string, shown: string): Promise<readonly StatementFile[]> {
  const names = await listSqlFiles(path, shown)
  const files = names.map(async name => {
    const place = name === '' ? shown : join(shown, name)
    const file = join(path, name)
    return {
      name: place,
      text: await readConfigFile(file, place),
      savedAtMs: (await stat(file)).mtimeMs,
    }
  })
  return Promise.all(files)
}

/** Returns the text of `plan.json`. */
export function formatPlan(plan: ViewPlan): string {
  return `${JSON.stringify(plan, null, 2)}\n`
}

/** Returns the names of the files in a folder; an empty name if the path is a file. */
async function listSqlFiles(path: string, shown: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return ['']
    return (await readdir(path)).filter(name => name.endsWith('.sql')).sort()
  } catch (error) {
    throw fileFailure(shown, error)
  }
}
