/** Compares tables in force with statements. Pure. */
import {
  type ActivatedPlan,
  hasTable,
  isNamed,
  readableTables,
  type TablePlan,
  type ViewPlan,
} from '../../views/plan.ts'

export interface PlanChange {
  /** Tables whose generation is not in force yet. */
  readonly build: readonly TablePlan[]
  /** Names of the built tables that replace a table in force. */
  readonly replaced: readonly string[]
  /** Tables in force without a statement. */
  readonly dropped: readonly TablePlan[]
  readonly unchanged: readonly TablePlan[]
  /** Names of the unchanged tables that a deployment has activated, so that they only count from then on. */
  readonly withoutPast: readonly string[]
}

export const NO_TABLES: ActivatedPlan = { hash: '', streams: [], tables: [], building: [] }

export function planChange(inForce: ActivatedPlan, wanted: ViewPlan): PlanChange {
  const readable = readableTables(inForce)
  const build = wanted.tables.filter(table => !hasTable(readable, table))
  const unchanged = wanted.tables.filter(table => hasTable(readable, table))
  return {
    build,
    replaced: build.map(({ name }) => name).filter(name => isNamed(readable, name)),
    dropped: readable.filter(({ name }) => !isNamed(wanted.tables, name)),
    unchanged,
    // Each generation that `apply` has built has a name of its own.
    withoutPast: unchanged
      .filter(({ name, generation }) =>
        readable.some(one => one.name === name && one.generation === generation),
      )
      .map(({ name }) => name),
  }
}

/**
 * Returns the tables with generations of their own. If a statement comes back that was in force an hour ago, its rows would otherwise
 * have the ids of the rows of then, and would be dropped as duplicates.
 */
export function newGenerations(tables: readonly TablePlan[], operation: string): readonly TablePlan[] {
  return tables.map(table => ({ ...table, generation: `${table.generation}.${operation.slice(0, 6)}` }))
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
