/** Drops tables. */
import { suggestion } from '../../similar.ts'
import { type ActivatedPlan, readableTables, type TablePlan, type ViewPlan } from '../../views/plan.ts'
import { OperationFailure } from '../failure.ts'

/**
 * Returns a table that can be read. Upper and lower case are the same.
 *
 * @throws OperationFailure if the plan has no such table. The message contains similar names.
 */
export function tableNamed(plan: ActivatedPlan, name: string): TablePlan {
  const found = plan.tables.filter(table => table.name.toLowerCase() === name.toLowerCase())
  const table = found.find(({ generation }) => !plan.building.includes(generation))
  if (table) return table
  if (found.length > 0)
    throw new OperationFailure(
      `The table ${name} is being built. \`sluice sql "SHOW TABLES"\` lists it as soon as it can be read.`,
    )
  const names = readableTables(plan).map(table => table.name)
  throw new OperationFailure(
    `There is no table ${name}.${suggestion(name, names) ?? ' `sluice sql "SHOW TABLES"` lists the tables.'}`,
  )
}

/** Returns the plan without the named tables. @throws OperationFailure if one of them does not exist */
export function planWithout(plan: ActivatedPlan, names: readonly string[]): ViewPlan {
  const dropped = new Set(names.map(name => tableNamed(plan, name).name))
  return { streams: plan.streams, tables: readableTables(plan).filter(({ name }) => !dropped.has(name)) }
}
