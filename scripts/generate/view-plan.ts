/**
 * Generates `config/views/plan.json` from the statements beside it: `npm run views`. Functions run the plan, because no bundle has a
 * parser. With `--check`, writes nothing and fails if the plan is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatPlan, readPlan } from '../../control/statements/statements.ts'
import { loadStreamTopics } from '../../lib/app/inputs/loaded-inputs.ts'
import { FAMILIES, GENERAL, INPUTS, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import { readTables } from '../../lib/views/adapters/plan-file.ts'
import { StatementError } from '../../lib/views/language/statement-error.ts'
import { PROJECT } from '../paths.ts'

const FOLDER = 'config/views'
const PLAN = join(FOLDER, 'plan.json')

async function main(check: boolean): Promise<void> {
  const config = readSettings([FAMILIES, GENERAL, NAMES, INPUTS])
  const topics = await loadStreamTopics({ ...config, isOneMachine: true })
  const folder = join(PROJECT, FOLDER)
  const plan = await readPlan(config.families, folder, FOLDER, topics, undefined, await readTables(folder))
  const text = formatPlan(plan)
  const file = join(PROJECT, PLAN)
  if (!check) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text)
    throw new Error(`${PLAN} is out of date. Run \`npm run views\``)
  console.log(`${plan.tables.length} tables`)
}

if (import.meta.main)
  try {
    await main(process.argv.includes('--check'))
  } catch (error) {
    console.error(error instanceof StatementError ? error.message : error)
    process.exitCode = 1
  }
