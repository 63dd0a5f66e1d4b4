/** Opens the history and the warehouse for the `etl` commands. */
import type { Config } from '../../lib/app/config.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { warehouseAt } from '../../lib/operations/etl/warehouse.ts'
import type { WarehouseTarget } from '../../lib/warehouse/target.ts'
import { CliFailure } from '../failure.ts'
import { requireHistory } from '../history/store.ts'
import { pathIn, type Terminal } from '../terminal.ts'

interface Places {
  readonly store: HistoryStore
  readonly target: WarehouseTarget
}

/** Returns the warehouse of the environment. Files are relative to the folder of the terminal. */
function warehouseOf(
  { warehouseUrl: url }: Pick<Config, 'warehouseUrl'>,
  terminal: Terminal,
): Promise<WarehouseTarget> {
  if (url === undefined)
    throw new CliFailure(
      'Set WAREHOUSE_URL to the warehouse: postgres://user:password@host/database, or sqlite:FILE.',
    )
  return warehouseAt(
    url.startsWith('sqlite:') ? `sqlite:${pathIn(terminal, url.slice('sqlite:'.length))}` : url,
  )
}

/** Runs `work` with the history and the warehouse. */
export async function withWarehouse<T>(
  config: Config,
  terminal: Terminal,
  work: (places: Places) => Promise<T>,
): Promise<T> {
  const store = await requireHistory(config, terminal)
  try {
    const target = await warehouseOf(config, terminal)
    return await work({ store, target }).finally(() => target.close())
  } finally {
    store.close?.()
  }
}
