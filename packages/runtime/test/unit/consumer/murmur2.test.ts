import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { computePartition, murmur2 } from '../../../consumer/murmur2.ts'

const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => {
  return { partitionErrorCode: 0, partitionId, leader: 1, replicas: [1], isr: [1] }
})

describe('the partition of a key', () => {
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

  it('given any key, then it is the one that the client library chooses', () => {
    const theirs = Partitioners.DefaultPartitioner()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), bytes => {
        const key = Buffer.from(bytes)
        const message = { key, value: null }
        assert.equal(computePartition(key, 12), theirs({ topic: 't', partitionMetadata, message }))
      }),
    )
  })

  it('given a key of a megabyte, then it is found at once', () => {
    const hash = murmur2(Buffer.alloc(1024 * 1024, 1))
    assert.ok(Number.isInteger(hash))
  })
})
