import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replicationOn } from '../../../packages/runtime/adapters/kafka/replication.ts'

describe('the copies of a record', () => {
  for (const [brokers, factor, minInsync] of [
    [1, 1, 1],
    [2, 2, 1],
    [3, 3, 2],
    [6, 3, 2],
  ] as const)
    it(`are ${factor} on ${brokers} brokers, ${minInsync} of which it takes to write`, () => {
      assert.deepEqual(replicationOn(brokers), { factor, minInsync })
    })
})
