/** The behaviour that every `Cursors` must have. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { StateKey } from '../../pipeline/model/partition-state.ts'
import type { Cursor, Cursors } from '../../pipeline/ports.ts'

export function conformsAsForwardCursors(name: string, cursors: () => Cursors): void {
  describe(`${name} as the cursors of a forwarder`, () => {
    it('given a partition of which nothing was forwarded, then it has no cursor', async () => {
      assert.equal(await cursors().read(newPartition()), undefined)
    })

    it('given a cursor, when it is moved from where it is, then it is where it was moved to', async () => {
      const partition = newPartition()
      const path: Cursor[] = [
        { next: 0 },
        { next: 9, last: { offset: 8, digest: 'a-_' } },
        { next: 10, last: { offset: 8, digest: 'a-_' } },
        { next: 2 ** 40, last: { offset: 2 ** 40 - 1, digest: 'b' } },
      ]
      let from: Cursor | undefined
      for (const to of path) {
        assert.equal(await cursors().advance(partition, from, to), 'advanced')
        assert.deepEqual(await cursors().read(partition), to)
        from = to
      }
    })

    it('given a cursor that another worker has moved, then it is not moved, whatever its new position', async () => {
      const partition = newPartition()
      const last = { offset: 4, digest: 'a' }
      await cursors().advance(partition, undefined, { next: 5, last })
      const others: readonly [Cursor | undefined, Cursor][] = [
        [undefined, { next: 6 }],
        [{ next: 4, last }, { next: 6 }],
        [{ next: 6, last }, { next: 7 }],
        [{ next: 5 }, { next: 6 }],
        [{ next: 5, last: { ...last, digest: 'b' } }, { next: 6 }],
        [{ next: 0 }, { next: 5, last }],
      ]
      for (const [from, to] of others)
        assert.equal(await cursors().advance(partition, from, to), 'refused', JSON.stringify(from))
      assert.deepEqual(await cursors().read(partition), { next: 5, last })
    })

    it('given two who move it at the same time, then one of them does', async () => {
      const partition = newPartition()
      const outcomes = await Promise.all(
        [6, 7].map(next => cursors().advance(partition, undefined, { next })),
      )
      assert.deepEqual(outcomes.sort(), ['advanced', 'refused'])
    })

    it('given another consumer, topic or partition, then it has a cursor of its own', async () => {
      const partition = newPartition()
      await cursors().advance(partition, undefined, { next: 5 })
      for (const other of [
        { ...partition, consumer: `${partition.consumer}-2` },
        { ...partition, topic: `${partition.topic}-2` },
        { ...partition, partition: 12 },
      ])
        assert.equal(await cursors().read(other), undefined)
    })
  })
}

/** A partition that no other test uses. */
function newPartition(): StateKey {
  return { consumer: 'conformance', topic: `topic-${randomUUID()}`, partition: 1 }
}
