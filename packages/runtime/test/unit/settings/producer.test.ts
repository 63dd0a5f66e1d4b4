import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { producerSettings } from '../../../settings/producer.ts'
import { PRODUCER } from '../../../settings/producer-variables.ts'
import { readSettings } from '../../../settings/read-settings.ts'

describe('the size of batches', () => {
  const cases: [environment: Record<string, string>, records: number, bytes: number][] = [
    [{}, 10_000, 16_384],
    [{ PRODUCER_BATCH_SIZE: '500' }, 500, 1_000_000],
    [{ PRODUCER_BATCH_SIZE: '500', PRODUCER_BATCH_BYTES: '4096' }, 500, 4096],
    [{ PRODUCER_BATCH_BYTES: '4096' }, 10_000, 4096],
  ]
  for (const [environment, records, bytes] of cases)
    it(`given ${JSON.stringify(environment)}, then it counts records, and bytes apart`, () => {
      const { profile, producer } = readSettings([PRODUCER], environment)
      const { batchRecords, batchBytes } = producerSettings(profile, producer)
      assert.deepEqual([batchRecords, batchBytes], [records, bytes])
    })
})
