import { it } from 'node:test'
import { POSTGRES } from '../../../lib/storage/adapters/postgres.ts'
import { SQLITE } from '../../../lib/storage/adapters/sqlite.ts'
import { createChartTables, createTables, replaceViews } from '../../../lib/storage/views.ts'
import { golden } from '../../support/golden.ts'

it('given the migrations, then their statements stay as they are: a change needs another migration', () => {
  const statements = [POSTGRES, SQLITE].flatMap(dialect => [
    ...createTables(dialect),
    ...replaceViews(dialect),
    ...createChartTables(dialect),
  ])
  golden('storage-schema', `${statements.join(';\n')};\n`)
})
