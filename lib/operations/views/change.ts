/** Compares tables in force with statements. Pure. */
import { readableTables } from '../../queries/view-rows.ts'
import type { ActivatedPlan, TablePlan, ViewPlan } from '../../views/plan.ts'

export interface PlanChange {
  /** Tables whose generation is not in force yet. */
  readonly build: readonly TablePlan[]
  /** Names of the built tables that replace a table in force. */
  readonly replaced: readonly string[]
  /** Tables in force without a statement. */
  readonly dropped: readonly TablePlan[]
  readonly unchanged: readonly TablePlan[]
}

export const NO_TABLES: ActivatedPlan = { hash: '', streams: [], tables: [], building: [] }

export function planChange(inForce: ActivatedPlan, wanted: ViewPlan): PlanChange {
  const readable = readableTables(inForce)
  const has = (tables: readonly TablePlan[], { name, generation }: TablePlan) =>
    tables.some(one => one.name === name && one.generation === generation)
  const build = wanted.tables.filter(table => !has(readable, table))
  return {
    build,
    replaced: build.map(({ name }) => name).filter(name => isNamed(readable, name)),
    dropped: readable.filter(({ name }) => !isNamed(wanted.tables, name)),
    unchanged: wanted.tables.filter(table => has(readable, table)),
  }
}

/** Returns the plan while tables are built beside those in force. */
export function buildingPlan(
  inForce: ActivatedPlan,
  wanted: ViewPlan,
  built: readonly TablePlan[],
): ViewPlan {
  return { streams: wanted.streams, tables: [...readableTables(inForce), ...built] }
}

/** Returns the plan after tables were built: they replace those of the same name, and tables without a statement are gone. */
export function builtPlan(inForce: ActivatedPlan, wanted: ViewPlan, built: readonly TablePlan[]): ViewPlan {
  const kept = readableTables(inForce).filter(
    ({ name }) => isNamed(wanted.tables, name) && !isNamed(built, name),
  )
  return { streams: wanted.streams, tables: [...kept, ...built].sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

function isNamed(tables: readonly TablePlan[], name: string): boolean {
  return tables.some(table => table.name === name)
}
