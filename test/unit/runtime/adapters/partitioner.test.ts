import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { murmur2Partitioner } from '../../../../lib/runtime/adapters/kafka/partitioner.ts'
import { murmur2 } from '../../../../lib/runtime/consumer/murmur2.ts'

const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: partitionId === 3 ? -1 : 1,
  replicas: [1],
  isr: [1],
}))

describe('the partitioner', () => {
  // Values of org.apache.kafka.common.utils.Utils.murmur2, from its own tests.
  const known: [key: string, hash: number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ]
  for (const [key, hash] of known)
    it(`given the key ${key}, then its hash is Kafka's own`, () =>
      assert.equal(murmur2(Buffer.from(key)), hash))

  it('given any key, then it chooses as the library does', () => {
    const [ours, theirs] = [murmur2Partitioner(), Partitioners.DefaultPartitioner()]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), bytes => {
        const message = { key: Buffer.from(bytes), value: null }
        const args = { topic: 't', partitionMetadata, message }
        assert.equal(ours(args), theirs(args))
      }),
    )
  })

  it('given a key of a megabyte, then it still chooses at once', () => {
    const hash = murmur2(Buffer.alloc(1024 * 1024, 1))
    assert.ok(Number.isInteger(hash))
  })

  it('given no key, then the records go in turn over the partitions that have a leader', () => {
    const partition = murmur2Partitioner()
    const chosen = Array.from({ length: 22 }, () =>
      partition({ topic: 't', partitionMetadata, message: { value: null } }),
    )
    const counts = Map.groupBy(chosen, number => number)
    assert.equal(counts.has(3), false)
    assert.deepEqual(
      [...counts.values()].map(({ length }) => length),
      Array(11).fill(2),
    )
  })

  it('given a partition, then that one', () => {
    const message = { key: 'k', value: null, partition: 7 }
    assert.equal(murmur2Partitioner()({ topic: 't', partitionMetadata, message }), 7)
  })
})
