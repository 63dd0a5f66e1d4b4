import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Progress } from '../../../../localstack/msk-trigger/progress.ts'

const record = (offset: number, through = offset) => ({ offset, through })
const part = (partition: number, ...offsets: number[]) => ({
  partition,
  records: offsets.map(offset => record(offset)),
})

describe('the progress of a batch', () => {
  it('commits the last one done + 1 (rule 21)', () => {
    const progress = new Progress([part(0, 4, 5, 8), part(1, 0)])
    assert.deepEqual(progress.settle([part(0, 4, 5)]), [{ partition: 0, offset: 6 }])
    assert.equal(progress.isDone(0), false)
    assert.deepEqual(progress.settle([part(0, 8), part(1, 0)]), [
      { partition: 0, offset: 9 },
      { partition: 1, offset: 1 },
    ])
    assert.equal(progress.isDone(0) && progress.isDone(1), true)
  })

  it('commits nothing behind a record that is open, and all of it with that record', () => {
    const progress = new Progress([part(0, 0, 1, 2, 3)])
    assert.deepEqual(progress.settle([part(0, 1, 3)]), [])
    assert.deepEqual(progress.settle([part(0, 0)]), [{ partition: 0, offset: 2 }])
    assert.deepEqual(progress.settle([part(0, 2)]), [{ partition: 0, offset: 4 }])
  })

  it('passes with a record the discarded ones behind it (rule 39)', () => {
    const progress = new Progress([{ partition: 0, records: [record(0, 7), record(8)] }])
    assert.deepEqual(progress.settle([part(0, 0)]), [{ partition: 0, offset: 8 }])
  })

  it('never commits what is open, in whatever order records are done', () => {
    const offsets = fc.uniqueArray(fc.nat(20), { minLength: 1 }).map(list => list.toSorted((a, b) => a - b))
    const order = offsets.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(order, ([list, done]) => {
        const progress = new Progress([part(0, ...list)])
        const open = new Set(list)
        let committed = 0
        for (const offset of done) {
          open.delete(offset)
          committed = progress.settle([part(0, offset)])[0]?.offset ?? committed
          assert.ok([...open].every(one => one >= committed))
        }
        assert.equal(committed, (list.at(-1) ?? 0) + 1)
      }),
    )
  })
})
