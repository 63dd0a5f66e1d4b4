/** Types and values as ksqlDB writes them. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { shownValues, typeName } from '../../../../console/ksql/formats.ts'
import type { ColumnType } from '../../../../lib/views/plan.ts'

const AT_MS = Date.UTC(2026, 2, 1, 12)

it('given a time, then it is a text without a zone; the bound of a window is a number', () => {
  const columns = ['since', 'WINDOWSTART'].map(name => ({ name, type: 'TIMESTAMP' as ColumnType }))
  assert.deepEqual(columns.map(typeName), ['TIMESTAMP', 'BIGINT'])
  assert.deepEqual(shownValues([AT_MS, AT_MS], columns), ['2026-03-01T12:00:00.000', AT_MS])
  assert.deepEqual(shownValues([null, null], columns), [null, null])
})

it('given a list of texts, then its type has the name that ksqlDB uses', () => {
  assert.equal(typeName({ name: 'top', type: 'ARRAY<VARCHAR>' }), 'ARRAY<STRING>')
})
