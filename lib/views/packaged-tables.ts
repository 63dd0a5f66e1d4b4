import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TablePlan, ViewPlan } from './plan.ts'

/** Returns the tables of the plan in a folder such as `config/views`; undefined if the folder has no plan. */
export async function packagedTables(folder: string): Promise<readonly TablePlan[] | undefined> {
  const text = await readFile(join(folder, 'plan.json'), 'utf8').catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
  return text === undefined ? undefined : (JSON.parse(text) as ViewPlan).tables
}
