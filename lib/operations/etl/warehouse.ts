/** Opens the warehouse of an environment. Each target loads its library on demand. */
import type { HistoryStore } from '../../history/store.ts'
import type { WarehouseTarget } from '../../warehouse/target.ts'

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
