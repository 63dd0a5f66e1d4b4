/** Tables whose expressions are compiled, one by one and as the plan in force. Pure. */

import { createWindowing, type WindowBounds, type Windowing } from '../windows/windows.ts'
import { type AggregateState, checkAggregates, computeValues } from './aggregates.ts'
import { type Evaluator, type ExpressionValue, evaluator } from './evaluate-expression.ts'
import { rowSource } from './event-names.ts'
import type { ActivatedPlan, AggregateName, Scalar, TablePlan } from './plan.ts'
import { checkBounds } from './size-limits.ts'

/** Values of a row of a table, by column. */
export type RowValues = Readonly<Record<string, Scalar | readonly Scalar[]>>

export interface CompiledTable {
  readonly plan: TablePlan
  readonly windowing: Windowing
  readonly where: Evaluator | undefined
  readonly group: readonly Evaluator[]
  /** Arguments of the aggregates; undefined for `COUNT(*)`. */
  readonly arguments: readonly (Evaluator | undefined)[]
  readonly columns: readonly (readonly [name: string, value: Evaluator])[]
  readonly having: Evaluator | undefined
}

/** Aggregates that neither compute nor compare with the numbers that they take. */
const AS_THEY_ARE: readonly AggregateName[] = ['COUNT', 'COUNT_DISTINCT', 'FIRST', 'LAST']

const compiled = new WeakMap<TablePlan, CompiledTable & { readonly futureToleranceMs: number | undefined }>()

/**
 * @param futureToleranceMs see `createWindowing`
 * @throws Error if the plan has a function that is unknown to this version
 */
export function compileTablePlan(plan: TablePlan, futureToleranceMs?: number): CompiledTable {
  const cachedTable = compiled.get(plan)
  if (cachedTable?.futureToleranceMs === futureToleranceMs && cachedTable) return cachedTable
  checkAggregates(plan.aggregates)
  const table = {
    plan,
    futureToleranceMs,
    windowing: createWindowing(plan.window, futureToleranceMs),
    where: plan.where && evaluator(plan.where, 'computing'),
    group: plan.group.map(({ value }) => evaluator(value, 'computing')),
    arguments: plan.aggregates.map(
      ({ function: name, argument }) =>
        argument && evaluator(argument, AS_THEY_ARE.includes(name) ? 'computing' : 'everywhere'),
    ),
    columns: plan.columns.map(({ name, value }) => [name, evaluator(value)] as const),
    having: plan.having && evaluator(plan.having),
  }
  compiled.set(plan, table)
  return table
}

/** Returns the values of a row of the table; undefined if the row does not meet the condition of `HAVING`. */
export function rowValues(
  { plan, columns, having }: CompiledTable,
  group: readonly Scalar[],
  states: readonly AggregateState[],
  bounds: WindowBounds,
): RowValues | undefined {
  const aggregates = computeValues(plan.aggregates, states)
  const from = { group, aggregates, ...(plan.window && { window: bounds }) }
  if (having && having(from) !== true) return undefined
  const values: Record<string, ExpressionValue> = {}
  for (const [name, value] of columns) values[name] = value(from)
  return values
}

export interface ViewsInForce {
  /** Tables by the signal of their rows. */
  readonly bySignal: ReadonlyMap<string, readonly CompiledTable[]>
  /** Tables by the source of their row events. */
  readonly bySource: ReadonlyMap<string, CompiledTable>
  /** Generations that are being built. Their changes are not emitted, because their tables cannot be read yet. */
  readonly building: ReadonlySet<string>
}

/**
 * @param futureToleranceMs see `createWindowing`
 * @throws Error if a table is beyond the bounds, or has a function that is unknown to this version
 */
export function viewsInForce(
  { tables, building }: Pick<ActivatedPlan, 'tables' | 'building'>,
  futureToleranceMs?: number,
): ViewsInForce {
  checkBounds(tables)
  const compiled = tables.map(plan => compileTablePlan(plan, futureToleranceMs))
  return {
    bySignal: Map.groupBy(compiled, ({ plan }) => plan.signal),
    bySource: new Map(compiled.map(table => [rowSource(table.plan.name, table.plan.generation), table])),
    building: new Set(building),
  }
}
