import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { countRecords, describe as describeParts, splitInHalf } from '../../support/partition-records.ts'
import { part } from './support.ts'

describe('parts of a batch', () => {
  it('are described by runs of offsets, so that no other record is named', () => {
    assert.equal(describeParts([part(0, 4), part(1, 0, 1, 2, 7, 9)]), '0@4 1@0–2,7,9')
    assert.equal(
      describeParts([part(2, 1)], p => `t-${p}`),
      't-2@1',
    )
    const scattered = part(0, ...Array.from({ length: 50 }, (_, n) => n * 2))
    assert.equal(describeParts([scattered]), '0@0,2,4,6,8,10,12,14,16,18–98')
  })

  it('are halved without loss, and keep the order of each partition', () => {
    const parts = fc
      .array(fc.nat(6), { minLength: 1, maxLength: 4 })
      .map(counts =>
        counts.map((count, partition) => part(partition, ...Array.from({ length: count }, (_, n) => n))),
      )
    fc.assert(
      fc.property(parts, whole => {
        const [first, second] = splitInHalf(whole)
        assert.equal(countRecords(first), Math.ceil(countRecords(whole) / 2))
        assert.equal(countRecords(first) + countRecords(second), countRecords(whole))
        for (const { partition, records } of second) {
          const before = first.find(part => part.partition === partition)?.records.at(-1)?.offset ?? -1
          assert.equal(records[0]?.offset, before + 1)
        }
      }),
    )
  })
})
