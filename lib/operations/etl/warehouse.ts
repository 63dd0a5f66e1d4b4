/** Opens the warehouse of an environment. Each target loads its library on demand. */
import type { WarehouseTarget } from '../../warehouse/target.ts'

/** @param url value of `WAREHOUSE_URL` */
export async function warehouseAt(url: string): Promise<WarehouseTarget> {
  if (url.startsWith('sqlite:')) {
    const { SqliteTarget } = await import('../../warehouse/adapters/sqlite.ts')
    return new SqliteTarget(url.slice('sqlite:'.length))
  }
  const { PostgresTarget } = await import('../../warehouse/adapters/postgres.ts')
  return new PostgresTarget(url)
}
