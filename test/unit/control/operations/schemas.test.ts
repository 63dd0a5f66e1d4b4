import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  type ComparedSchema,
  describeRefused,
  describeSchemas,
} from '../../../../control/operations/schemas/compare-schemas.ts'

it('given verdicts of a registry, then there is a line for each, with reasons, and a line with counts', () => {
  const known = { type: 't.v1', format: 'avro', subject: 'topic-t.v1.T', reasons: [] } as const
  const missing = { id: null, version: null, rule: null }
  const schemas: readonly ComparedSchema[] = [
    { ...known, status: 'registered', id: 7, version: 3, rule: 'BACKWARD' },
    { ...known, ...missing, status: 'new' },
    { ...known, ...missing, status: 'next version', version: 3, rule: 'FULL' },
    { ...known, ...missing, status: 'refused', version: 3, rule: 'FULL', reasons: ['MISSING at /b'] },
    { ...known, ...missing, status: 'refused', version: 1, subject: 'topic-u.v1.U' },
  ]
  const compared = { env: 'test', registry: 'http://registry', schemas }
  assert.deepEqual(describeSchemas(compared), [
    'Schema registry http://registry',
    '  registered    topic-t.v1.T (id 7, last version 3, rule: BACKWARD)',
    "+ new           topic-t.v1.T (rule: the registry's default)",
    '~ next version  topic-t.v1.T (last version 3, rule: FULL)',
    '! refused       topic-t.v1.T (last version 3, rule: FULL)',
    '    MISSING at /b',
    "! refused       topic-u.v1.U (last version 1, rule: the registry's default)",
    '1 registered, 1 new, 1 next version, 2 refused.',
  ])
  assert.equal(describeRefused(compared), '2 of 5 schemas would be refused: see above.')
})
