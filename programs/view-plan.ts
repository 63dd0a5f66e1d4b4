/**
 * Generates `config/views/plan.json` from the statements beside it: `npm run views`. Functions run the plan, because no bundle has a
 * parser. With `--check`, writes nothing and fails if the plan is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilePlan, type StatementFile } from '../lib/views/language/compile.ts'
import { parse } from '../lib/views/language/parser.ts'
import { StatementError } from '../lib/views/language/statement-error.ts'
import { PROJECT } from './paths.ts'

const FOLDER = 'config/views'
const PLAN = join(FOLDER, 'plan.json')

/**
 * Reads all `*.sql` files of a folder, sorted by name.
 *
 * @param shown name of the folder in error messages
 */
export function readStatementFiles(folder: string, shown = folder): readonly StatementFile[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.sql'))
  return names.toSorted().map(name => ({
    name: join(shown, name),
    text: readFileSync(join(folder, name), 'utf8'),
  }))
}

function main(check: boolean): void {
  const plan = compilePlan(readStatementFiles(join(PROJECT, FOLDER), FOLDER), parse)
  const text = `${JSON.stringify(plan, null, 2)}\n`
  const file = join(PROJECT, PLAN)
  if (!check) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text)
    throw new Error(`${PLAN} is out of date. Run \`npm run views\``)
  console.log(`${plan.tables.length} tables`)
}

if (import.meta.main)
  try {
    main(process.argv.includes('--check'))
  } catch (error) {
    console.error(error instanceof StatementError ? error.message : error)
    process.exitCode = 1
  }
