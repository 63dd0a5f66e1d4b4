/** The plan in force in a partition, with its tables compiled. Pure. */
import { checkBounds } from './bounds.ts'
import { rowSource } from './event-names.ts'
import type { ActivatedPlan } from './plan.ts'
import { type CompiledTable, compiledTable } from './table.ts'

export interface ViewsInForce {
  /** Tables by the signal of their rows. */
  readonly bySignal: ReadonlyMap<string, readonly CompiledTable[]>
  /** Tables by the source of their row events. */
  readonly bySource: ReadonlyMap<string, CompiledTable>
  /** Generations that are being built. Their changes are not emitted, because their tables cannot be read yet. */
  readonly building: ReadonlySet<string>
}

/**
 * @param futureToleranceMs see `windowingOf`
 * @throws Error if a table is beyond the bounds, or has a function that is unknown to this version
 */
export function viewsInForce(
  { tables, building }: Pick<ActivatedPlan, 'tables' | 'building'>,
  futureToleranceMs?: number,
): ViewsInForce {
  checkBounds(tables)
  const compiled = tables.map(plan => compiledTable(plan, futureToleranceMs))
  return {
    bySignal: Map.groupBy(compiled, ({ plan }) => plan.signal),
    bySource: new Map(compiled.map(table => [rowSource(table.plan.name, table.plan.generation), table])),
    building: new Set(building),
  }
}
