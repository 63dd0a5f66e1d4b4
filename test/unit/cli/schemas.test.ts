import { it } from 'node:test'
import type { Verdict } from '../../../cli/schemas/compare-schemas.ts'
import { formatSchemas } from '../../../cli/schemas/text.ts'
import { golden } from '../../support/golden.ts'

it('given verdicts of a registry, then there is a table, the reasons of refusals, and a line with counts', () => {
  const known = { type: 't.v1', format: 'avro', subject: 'topic-t.v1.T' } as const
  const schemas: readonly Verdict[] = [
    { ...known, standing: 'registered', id: 7, version: 3, rule: 'BACKWARD', reasons: [] },
    { ...known, standing: 'new', id: null, version: null, rule: null, reasons: [] },
    { ...known, standing: 'compatible', id: null, version: 3, rule: 'FULL', reasons: [] },
    {
      ...known,
      standing: 'incompatible',
      id: null,
      version: 3,
      rule: 'FULL',
      reasons: ['MISSING at /b', '\u001b[31mred'],
    },
    {
      ...known,
      subject: 'topic-u.v1.U',
      standing: 'incompatible',
      id: null,
      version: 1,
      rule: null,
      reasons: [],
    },
  ]
  golden('schemas', formatSchemas({ env: 'test', registry: 'http://registry', schemas }))
})
