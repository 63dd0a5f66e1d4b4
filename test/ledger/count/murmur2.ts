/** The hash by which Kafka's clients choose the partition of a key: 32-bit murmur2, from its description. */
const MULTIPLIER = 0x5bd1e995
const SEED = 0x9747b28c

/** The partition of a key, as Kafka's Java client chooses it. */
export function placeOf(key: Buffer | string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}

function murmur2(key: Buffer): number {
  let hash = SEED ^ key.length
  let left = key
  for (; left.length >= 4; left = left.subarray(4)) {
    const [a = 0, b = 0, c = 0, d = 0] = left
    const mixed = Math.imul(a | (b << 8) | (c << 16) | (d << 24), MULTIPLIER)
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed ^ (mixed >>> 24), MULTIPLIER)
  }
  const [a = 0, b = 0, c = 0] = left
  if (left.length > 0) hash = Math.imul(hash ^ (a | (b << 8) | (c << 16)), MULTIPLIER)
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
