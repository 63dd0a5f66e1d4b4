import type { PartitionerArgs } from 'kafkajs'

const M = 0x5bd1e995
const SEED = 0x9747b28c

/**
 * Kafka's own partitioning, as every Java client has it: murmur2 of the key; records without one in turn over the
 * partitions that have a leader. The library's own gives the same results, but in time that grows with the square of the
 * key's length: half a minute for a key of 400 kB.
 */
export function murmur2Partitioner() {
  let turn = 0
  return ({ partitionMetadata, message }: PartitionerArgs): number => {
    if (message.partition !== undefined && message.partition !== null) return message.partition
    if (message.key !== undefined && message.key !== null)
      return (murmur2(Buffer.from(message.key)) & 0x7fffffff) % partitionMetadata.length
    const led = partitionMetadata.filter(({ leader }) => leader >= 0)
    const choice = led.length > 0 ? led : partitionMetadata
    turn = (turn + 1) % choice.length
    return choice[turn]?.partitionId ?? 0
  }
}

/** 32 bits of murmur2 with Kafka's seed, as a signed integer. */
export function murmur2(data: Buffer): number {
  const words = data.length >>> 2
  let hash = SEED ^ data.length
  for (let word = 0; word < words; word++) {
    let k = Math.imul(data.readInt32LE(word * 4), M)
    k ^= k >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(k, M)
  }
  const rest = data.subarray(words * 4)
  if (rest.length > 0) {
    for (const [index, byte] of rest.entries()) hash ^= byte << (8 * index)
    hash = Math.imul(hash, M)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}
