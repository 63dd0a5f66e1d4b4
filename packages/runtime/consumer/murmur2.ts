const M = 0x5bd1e995
const SEED = 0x9747b28c

/** Returns the partition for a key, as computed by Kafka's default partitioner, which all Java clients use. */
export function computePartition(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** Returns the 32-bit murmur2 hash with Kafka's seed, as a signed integer. */
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
