import { it } from 'node:test'
import { POSTGRES } from '../../../lib/storage/adapters/postgres.ts'
import { SQLITE } from '../../../lib/storage/adapters/sqlite.ts'
import { buildMigrations } from '../../../lib/storage/migrations.ts'
import { golden } from '../../support/golden.ts'

it('given the migrations, then their statements stay as they are: a change needs another migration', () => {
  const texts = [POSTGRES, SQLITE].flatMap(dialect =>
    buildMigrations(dialect).flatMap(([name, statements]) => [
      `-- ${name}\n`,
      ...statements.map(statement => `${statement};\n`),
    ]),
  )
  golden('storage-schema', texts.join(''))
})
