import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { SqliteTarget } from '../../../lib/warehouse/adapters/sqlite.ts'
import { warehouseConformance } from '../../conformance/warehouse-target.ts'

const folder = await mkdtemp(join(tmpdir(), 'sluice-warehouse-'))
after(() => rm(folder, { recursive: true }))
let files = 0

warehouseConformance('SQLite', async () => {
  const file = join(folder, `${files++}.db`)
  return { connect: () => new SqliteTarget(file) }
})
