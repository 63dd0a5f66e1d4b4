import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tableOf } from '../../../cli/stats/table.ts'

const TEMPERATURE = {
  count: 2,
  mean: 20,
  standardDeviation: 2,
  minimum: 18,
  maximum: 22,
  last: 22,
  lastAt: '2026-01-01T00:00:00.000Z',
}

describe('the table', () => {
  test('lines up, with units', () => {
    const reasons = { 'applied/counted': 4, 'duplicate/id-known': 2, 'failed/rejected': 1 }
    const text = tableOf({
      env: 'test',
      entities: [
        {
          entity: '/environment/a pump-1',
          partition: 7,
          family: 'environment',
          metrics: { temperature: TEMPERATURE },
        },
      ],
      totals: { applied: 4, duplicate: 2, ignored: 0, failed: 1, parked: 0, reasons, outbox: 2 },
    })
    assert.equal(
      text,
      `ENTITY                 METRIC       COUNT  MEAN  STD DEV  MIN  MAX  LAST  UNIT  LAST AT
/environment/a pump-1  temperature      2    20        2   18   22    22  °C    2026-01-01T00:00:00.000Z

Processor in "test": 4 applied (4 counted), 2 duplicates (2 id-known), 0 ignored, 1 failed (1 rejected); 2 waiting to be published
`,
    )
  })
})
