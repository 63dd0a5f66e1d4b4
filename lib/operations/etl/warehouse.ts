/** Opens the warehouse of an environment, and erases entities from it. Each target loads its library on demand. */
import { HistoryFailure, type HistoryStore } from '../../history/store.ts'
import { WarehouseFailure, type WarehouseTarget } from '../../warehouse/target.ts'
import type { Counts } from '../audit.ts'

/** @param url value of `WAREHOUSE_URL`; undefined for Parquet objects in the bucket of the history */
export async function warehouseAt(url: string | undefined, store: HistoryStore): Promise<WarehouseTarget> {
  if (url === undefined) {
    const { ParquetTarget } = await import('../../warehouse/adapters/parquet.ts')
    return new ParquetTarget(store)
  }
  if (url.startsWith('sqlite:')) {
    const { SqliteTarget } = await import('../../warehouse/adapters/sqlite.ts')
    return new SqliteTarget(url.slice('sqlite:'.length))
  }
  const { PostgresTarget } = await import('../../warehouse/adapters/postgres.ts')
  return new PostgresTarget(url)
}

/** Result of an erasure. */
export interface WarehouseReach {
  readonly location: string
  /** Number of removed rows by mart; undefined in a dry run. */
  readonly rows?: Readonly<Record<string, number>>
  /** Reason why the rows could not be removed. */
  readonly failure?: string
}

/**
 * Removes the rows of entities from the warehouse, and closes it.
 *
 * @param counts number of removed rows; undefined for a dry run, which does not open the warehouse
 */
export async function eraseFromWarehouse(
  target: WarehouseTarget,
  entities: Iterable<string>,
  counts: Counts | undefined,
): Promise<WarehouseReach> {
  const { location } = target
  try {
    if (!counts) return { location }
    await target.open()
    const rows = await target.erase(entities)
    counts.warehouseRows = Object.values(rows).reduce((sum, count) => sum + count, 0)
    return { location, rows }
  } catch (error) {
    if (!(error instanceof WarehouseFailure || error instanceof HistoryFailure)) throw error
    return { location, failure: error.message }
  } finally {
    await target.close()
  }
}
