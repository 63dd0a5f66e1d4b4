/** The behaviour that every `Cursors` must have. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it } from 'node:test'
import type { StateKey } from '../../lib/runtime/pipeline/model.ts'
import type { Cursors } from '../../lib/runtime/pipeline/ports.ts'

export function conformsAsForwardCursors(name: string, cursors: () => Cursors): void {
  describe(`${name} as the cursors of a forwarder`, () => {
    it('given a partition of which nothing was forwarded, then it has no cursor', async () => {
      assert.equal(await cursors().read(newPartition()), undefined)
    })

    it('given a cursor, when it is moved from where it is, then it is where it was moved to', async () => {
      const partition = newPartition()
      for (const [from, to] of [
        [undefined, 0],
        [0, 9],
        [9, 10],
        [10, 2 ** 40],
      ] as const) {
        assert.equal(await cursors().advance(partition, from, to), 'advanced')
        assert.equal(await cursors().read(partition), to)
      }
    })

    it('given a cursor that somebody else has moved, then it is not moved, whatever was meant', async () => {
      const partition = newPartition()
      await cursors().advance(partition, undefined, 5)
      for (const [from, to] of [
        [undefined, 6],
        [4, 6],
        [6, 7],
        [0, 5],
      ] as const)
        assert.equal(await cursors().advance(partition, from, to), 'refused', `from ${from}`)
      assert.equal(await cursors().read(partition), 5)
    })

    it('given two who move it at the same time, then one of them does', async () => {
      const partition = newPartition()
      const outcomes = await Promise.all([6, 7].map(to => cursors().advance(partition, undefined, to)))
      assert.deepEqual(outcomes.sort(), ['advanced', 'refused'])
    })

    it('given another consumer, topic or partition, then it has a cursor of its own', async () => {
      const partition = newPartition()
      await cursors().advance(partition, undefined, 5)
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
