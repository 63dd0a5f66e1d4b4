import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { computePartition } from '#runtime/consumer/murmur2.ts'
import { findPresentPartition, type Growth } from '#runtime/pipeline/model/partitioning.ts'

const place = (key: string | null, originalPartition: number, originalOffset = 5) => ({
  consumer: 'counting',
  originalKey: key === null ? null : Buffer.from(key).toString('base64'),
  originalPartition,
  originalOffset,
})
const home = (key: string, partitions: number) => computePartition(Buffer.from(key), partitions)
const grown = (from: number, to: number, end = 10): Growth => ({
  from,
  to,
  ends: Array(from).fill(end),
  except: [],
})

describe('the partition to which a failed record comes back', () => {
  it('given a topic that has never grown, then it is the one that it came from', () => {
    assert.equal(findPresentPartition(place('k', 7), []), 7)
  })

  it('given a topic that grew once or more, then it is where the key goes now', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 5 }),
        (key, some) => {
          const counts = some.toSorted((a, b) => a - b)
          const growths = counts.slice(1).map((to, index) => grown(counts[index] as number, to))
          const present = findPresentPartition(place(key, home(key, counts[0] as number)), growths)
          assert.equal(present, home(key, counts.at(-1) as number))
        },
      ),
    )
  })

  it('given a record that came after a growth, then only later growths move it', () => {
    const [first, second] = [grown(3, 5, 5), grown(5, 9, 6)]
    assert.equal(findPresentPartition(place('k', home('k', 5)), [first]), home('k', 5))
    assert.equal(findPresentPartition(place('k', home('k', 5)), [first, second]), home('k', 9))
    // Partition 4 did not exist before the first growth.
    const key = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].find(one => home(one, 5) === 4) as string
    assert.equal(findPresentPartition(place(key, 4, 0), [first]), 4)
  })

  it('given a consumer whose states were left alone, then it is the one that it came from', () => {
    const growth = { ...grown(3, 5), except: ['archiving'] }
    const failed = place('cracked', home('cracked', 3))
    assert.equal(findPresentPartition({ ...failed, consumer: 'archiving' }, [growth]), home('cracked', 3))
    assert.notEqual(findPresentPartition(failed, [growth]), home('cracked', 3))
  })

  it('given a record without a key, or one that was misrouted, then it has stayed', () => {
    assert.equal(findPresentPartition(place(null, 1), [grown(3, 5)]), 1)
    const stray = (home('k', 3) + 1) % 3
    assert.equal(findPresentPartition(place('k', stray), [grown(3, 5)]), stray)
  })
})
