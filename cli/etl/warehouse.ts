/** Opens the history and the warehouse for the `etl` commands. */
import type { Config } from '../../lib/app/config.ts'
import type { HistoryStore } from '../../lib/history/store.ts'
import { warehouseAt } from '../../lib/operations/etl/warehouse.ts'
import type { WarehouseTarget } from '../../lib/warehouse/target.ts'
import { requireHistory } from '../history/store.ts'
import { pathIn, type Terminal } from '../terminal.ts'

interface Places {
  readonly store: HistoryStore
  readonly target: WarehouseTarget
}

/** Runs `work` with the history and the warehouse. */
export async function withWarehouse<T>(
  config: Config,
  terminal: Terminal,
  work: (places: Places) => Promise<T>,
): Promise<T> {
  const { warehouseUrl: url } = config
  const store = await requireHistory(config, terminal)
  const file = url?.startsWith('sqlite:') ? `sqlite:${pathIn(terminal, url.slice('sqlite:'.length))}` : url
  try {
    const target = await warehouseAt(file, store)
    return await work({ store, target }).finally(() => target.close())
  } finally {
    store.close?.()
  }
}
