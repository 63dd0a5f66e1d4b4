/** Compares tables in force with statements. Pure. */

import { OperationFailure } from '../../lib/support/operation-failure.ts'
import { suggestion } from '../../lib/support/suggestion.ts'
import {
  type ActivatedPlan,
  hasTable,
  isNamed,
  readableTables,
  type TablePlan,
  type ViewPlan,
} from '../../lib/views/index.ts'
import type { Statement } from '../../lib/views/language/index.ts'

export interface PlanChange {
  /** Tables whose generation is not in force yet. */
  readonly build: readonly TablePlan[]
  /** Names of the built tables that replace a table in force. */
  readonly replaced: readonly string[]
  /** Tables in force without a statement. */
  readonly dropped: readonly TablePlan[]
  readonly unchanged: readonly TablePlan[]
  /** Names of the unchanged tables that the function clock has put into force, so that they only count from then on. */
  readonly withoutPast: readonly string[]
  /** True if the streams are others. */
  readonly changesStreams: boolean
}

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
        readable.some(table => table.name === name && table.generation === generation),
      )
      .map(({ name }) => name),
    changesStreams: JSON.stringify(inForce.streams) !== JSON.stringify(wanted.streams),
  }
}

export function hasChanges({ build, dropped, changesStreams }: PlanChange): boolean {
  return build.length + dropped.length > 0 || changesStreams
}

/**
 * Returns the plan of statements, and the tables in force that have no statement.
 *
 * @param dropped names of tables that are left out if they have no statement
 */
export function withUndeclared(
  inForce: ActivatedPlan,
  declared: ViewPlan,
  dropped: readonly string[],
): ViewPlan {
  const names = new Set(
    [...declared.tables.map(table => table.name), ...dropped].map(name => name.toLowerCase()),
  )
  const undeclared = readableTables(inForce).filter(({ name }) => !names.has(name.toLowerCase()))
  return { streams: declared.streams, tables: [...declared.tables, ...undeclared] }
}

/**
 * Returns the tables with generations of their own. If a statement comes back that was in force an hour ago, its rows would otherwise
 * have the ids of the rows of then, and would be dropped as duplicates.
 */
export function toNewGenerations(tables: readonly TablePlan[], operation: string): readonly TablePlan[] {
  return tables.map(table => ({ ...table, generation: `${table.generation}.${operation.slice(0, 6)}` }))
}

/** Returns the plan while tables are built beside those in force. */
export function createBuildingPlan(
  inForce: ActivatedPlan,
  wanted: ViewPlan,
  built: readonly TablePlan[],
): ViewPlan {
  return { streams: wanted.streams, tables: [...readableTables(inForce), ...built] }
}

/** Returns the plan after tables were built: they replace those of the same name, and tables without a statement are gone. */
export function createBuiltPlan(
  inForce: ActivatedPlan,
  wanted: ViewPlan,
  built: readonly TablePlan[],
): ViewPlan {
  const remaining = readableTables(inForce).filter(
    ({ name }) => isNamed(wanted.tables, name) && !isNamed(built, name),
  )
  return {
    streams: wanted.streams,
    tables: [...remaining, ...built].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

/**
 * Returns a table that can be read. Upper and lower case are the same.
 *
 * @throws OperationFailure if the plan has no such table. The message contains similar names.
 */
export function requireTable(plan: ActivatedPlan, name: string): TablePlan {
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
export function removeTables(plan: ActivatedPlan, names: readonly string[]): ViewPlan {
  const dropped = new Set(names.map(name => requireTable(plan, name).name))
  return { streams: plan.streams, tables: readableTables(plan).filter(({ name }) => !dropped.has(name)) }
}

/** Returns the names of tables, separated by commas. */
export function joinNames(tables: readonly TablePlan[]): string {
  return tables.map(({ name }) => name).join(', ')
}

/** Returns a line if nothing follows from some properties of a statement. */
export function describeIgnored(statement: Statement): readonly string[] {
  if (!('ignored' in statement) || statement.ignored.length === 0) return []
  const { name, ignored } = statement
  return [
    `${name.text}: nothing follows from ${ignored.join(', ')}, because topics exist, and each record says its format`,
  ]
}
