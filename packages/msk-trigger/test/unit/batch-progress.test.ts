import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BatchProgress } from '../../deliver/batch-progress.ts'
import { part } from './support.ts'

const record = (offset: number, lastOffset = offset) => ({ offset, lastOffset })

describe('the progress of a batch', () => {
  // Promise packages/msk-trigger/RULES.md#rule 21
  it('commits the offset after the last completed record (rule 21)', () => {
    const progress = new BatchProgress([part(0, 4, 5, 8), part(1, 0)])
    assert.deepEqual(progress.complete([part(0, 4, 5)]), [{ partition: 0, offset: 6 }])
    assert.equal(progress.isDone(0), false)
    assert.deepEqual(progress.complete([part(0, 8), part(1, 0)]), [
      { partition: 0, offset: 9 },
      { partition: 1, offset: 1 },
    ])
    assert.equal(progress.isDone(0) && progress.isDone(1), true)
  })

  it('commits nothing after an open record until that record is done', () => {
    const progress = new BatchProgress([part(0, 0, 1, 2, 3)])
    assert.deepEqual(progress.complete([part(0, 1, 3)]), [])
    assert.deepEqual(progress.complete([part(0, 0)]), [{ partition: 0, offset: 2 }])
    assert.deepEqual(progress.complete([part(0, 2)]), [{ partition: 0, offset: 4 }])
  })

  it('knows what is uncommitted: open records, and those that are done behind them', () => {
    const progress = new BatchProgress([part(0, 0, 1, 2), part(1, 4)])
    progress.complete([part(0, 0, 2), part(1, 4)])
    assert.deepEqual(progress.uncommittedRecords, [part(0, 1, 2)])
    progress.complete([part(0, 1)])
    assert.deepEqual(progress.uncommittedRecords, [])
  })

  // Promise packages/msk-trigger/RULES.md#rule 39
  it('commits a record together with the skipped ones after it (rule 39)', () => {
    const progress = new BatchProgress([{ partition: 0, records: [record(0, 7), record(8)] }])
    assert.deepEqual(progress.complete([part(0, 0)]), [{ partition: 0, offset: 8 }])
  })

  it('never commits an open record, in whatever order records complete', () => {
    const offsets = fc.uniqueArray(fc.nat(20), { minLength: 1 }).map(list => list.toSorted((a, b) => a - b))
    const order = offsets.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(order, ([list, done]) => {
        const progress = new BatchProgress([part(0, ...list)])
        const open = new Set(list)
        let committed = 0
        for (const offset of done) {
          open.delete(offset)
          committed = progress.complete([part(0, offset)])[0]?.offset ?? committed
          assert.ok([...open].every(value => value >= committed))
        }
        assert.equal(committed, (list.at(-1) ?? 0) + 1)
      }),
    )
  })
})
