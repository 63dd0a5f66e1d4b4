/** Binary form of ids in a partition state, in buckets. See `layout.ts`. */
import type { RememberedId } from '../../pipeline/model/partition-state.ts'
import { computeGeneration, LAYOUT } from './layout.ts'

const { bucketBytes, digestBytes, clockBytes, knownBytes, entryBytes } = LAYOUT.ids

/** Alternating names and contents of buckets. These strings contain bytes, one per character. */
export type Buckets = readonly string[]

/** Packs ids by generation. In a bucket, the newest id comes first. */
export function packIds(ids: readonly RememberedId[]): Map<number, Buckets> {
  const generations = Map.groupBy(ids, ({ appliedAtMs }) => computeGeneration(appliedAtMs))
  return new Map([...generations].map(([generation, own]) => [generation, intoBuckets(own.map(packId))]))
}

type Entry = readonly [bucket: string, entry: string]

/**
 * Groups entries by bucket. In each bucket, the newest entry comes first.
 *
 * @param entries names of buckets with entries, the oldest entry first
 */
export function intoBuckets(entries: readonly Entry[]): Buckets {
  const buckets = new Map<string, string>()
  for (const [bucket, entry] of entries) buckets.set(bucket, entry + (buckets.get(bucket) ?? ''))
  return [...buckets].flat()
}

function packId({ id, digest, appliedAtMs }: RememberedId): Entry {
  const clock = Buffer.allocUnsafe(clockBytes)
  clock.writeUIntBE(appliedAtMs, 0, clockBytes)
  return [id.slice(0, bucketBytes), id.slice(bucketBytes) + digest + clock.toString('latin1')]
}

/** Returns the ids in a bucket, the newest first. */
export function unpackBucket(name: Buffer, bucket: Buffer): RememberedId[] {
  return Array.from({ length: countIds(bucket) }, (_, index) => {
    const entry = bucket.subarray(index * entryBytes, (index + 1) * entryBytes)
    const rest = entryBytes - knownBytes
    return unpackId(name.toString('latin1') + entry.toString('latin1', 0, rest), entry.subarray(rest))
  })
}

/**
 * Unpacks an id.
 *
 * @param known digest and log clock, which follow the id in a bucket or are the value of its separate field
 */
export function unpackId(id: string, known: Buffer): RememberedId {
  return {
    id,
    digest: known.toString('latin1', 0, digestBytes),
    appliedAtMs: known.readUIntBE(digestBytes, clockBytes),
  }
}

export function countIds(bucket: Buffer): number {
  return bucket.length / entryBytes
}
