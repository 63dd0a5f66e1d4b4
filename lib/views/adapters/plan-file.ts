import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '../../support/file-errors.ts'
import { readText } from '../../support/text-reader.ts'
import type { TablePlan, ViewPlan } from '../plan.ts'
import { checkBounds } from '../size-limits.ts'

const PLAN_FILE = 'plan.json'

/**
 * Reads the plan of the tables from the folder of sent statements if it has one, or else from the folder `VIEWS_DIR`.
 *
 * @throws FileError if the file cannot be used
 */
export async function loadPlan(viewsDir: string, sentViewsDir = viewsDir): Promise<ViewPlan> {
  const sent = join(sentViewsDir, PLAN_FILE)
  const file = existsSync(sent) ? sent : join(viewsDir, PLAN_FILE)
  const unusable = (reason: string, cause?: unknown) =>
    new FileError(`VIEWS_DIR: ${file}: ${reason}: run \`npm run views\``, { cause })
  const bytes = await readFile(file).catch(error => {
    throw unusable(error.code === 'ENOENT' ? 'the plan of the tables does not exist' : error.message, error)
  })
  const text = readText(bytes, `VIEWS_DIR: ${file}`)
  let plan: Partial<ViewPlan> | null
  try {
    plan = JSON.parse(text)
  } catch (error) {
    throw unusable('the plan of the tables is not JSON', error)
  }
  if (!Array.isArray(plan?.streams) || !Array.isArray(plan.tables) || !plan.tables.every(isTable))
    throw unusable('it is not a plan of tables')
  const { streams, tables } = plan
  try {
    checkBounds(tables)
  } catch (error) {
    throw unusable((error as Error).message, error)
  }
  return { streams, tables }
}

/** Returns the tables of the plan in a folder; undefined if the folder has no plan that can be used. */
export async function readTables(
  viewsDir: string,
  sentViewsDir?: string,
): Promise<readonly TablePlan[] | undefined> {
  return loadPlan(viewsDir, sentViewsDir).then(
    ({ tables }) => tables,
    error => {
      if (!(error instanceof FileError)) throw error
      return undefined
    },
  )
}

function isTable(table: unknown): boolean {
  const { name, generation, columns, group, aggregates } = (table ?? {}) as Partial<TablePlan>
  return (
    typeof name === 'string' &&
    typeof generation === 'string' &&
    Array.isArray(columns) &&
    Array.isArray(group) &&
    Array.isArray(aggregates)
  )
}
