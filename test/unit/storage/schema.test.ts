import { it } from 'node:test'
import { POSTGRES } from '../../../lib/storage/adapters/postgres.ts'
import { SQLITE } from '../../../lib/storage/adapters/sqlite.ts'
import { buildSchema } from '../../../lib/storage/views.ts'
import { golden } from '../../support/golden.ts'

it('given the first migration, then its statements stay as they are: a change needs another migration', () => {
  const statements = [...buildSchema(POSTGRES), ...buildSchema(SQLITE)]
  golden('storage-schema', `${statements.join(';\n')};\n`)
})
