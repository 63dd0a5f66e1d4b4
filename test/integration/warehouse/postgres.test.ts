import { after } from 'node:test'
import { PostgresTarget } from '../../../lib/warehouse/adapters/postgres.ts'
import { warehouseConformance } from '../../conformance/warehouse-target.ts'
import { startPostgres } from '../../support/postgres.ts'

const server = await startPostgres()
after(() => server.stop())

warehouseConformance('PostgreSQL', async () => {
  const url = await server.createDatabase()
  return { connect: () => new PostgresTarget(url) }
})
