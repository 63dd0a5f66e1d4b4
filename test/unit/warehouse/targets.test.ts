import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { ParquetTarget } from '../../../lib/warehouse/adapters/parquet.ts'
import { SqliteTarget } from '../../../lib/warehouse/adapters/sqlite.ts'
import { warehouseConformance } from '../../conformance/warehouse-target.ts'
import { MemoryHistory } from '../../support/memory-history.ts'
import { NOON } from '../../support/warehouse-log.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-warehouse-'))
after(() => rm(folder, { recursive: true }))
let files = 0

warehouseConformance('SQLite', async () => {
  const file = join(folder, `${files++}.db`)
  return { connect: () => new SqliteTarget(file) }
})

warehouseConformance('Parquet', async () => {
  const store = new MemoryHistory(NOON)
  return { connect: () => new ParquetTarget(store) }
})
