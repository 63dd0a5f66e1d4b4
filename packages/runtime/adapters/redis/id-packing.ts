/** Ids as a partition state stores them: in buckets, as bytes. See `layout.ts`. */
import type { RememberedId } from '../../pipeline/model.ts'
import { ID_BYTES } from '../../pipeline/recovery/id-bytes.ts'
import { generationOf, LAYOUT } from './layout.ts'

const { bucketBytes, digestBytes, clockBytes, knownBytes, entryBytes } = LAYOUT.ids

/** Names and contents of buckets in turn. Like all strings here they hold bytes, one character for each. */
export type Buckets = readonly string[]

/** Packs ids by generation; a later id precedes those of its bucket. */
export function packIds(ids: readonly RememberedId[]): Map<number, Buckets> {
  const generations = Map.groupBy(ids, ({ appliedAtMs }) => generationOf(appliedAtMs))
  return new Map([...generations].map(([generation, own]) => [generation, intoBuckets(own.map(entryOf))]))
}

type Entry = readonly [bucket: string, entry: string]

/** @param entries the oldest first; in a bucket, the newest is in front */
export function intoBuckets(entries: readonly Entry[]): Buckets {
  const buckets = new Map<string, string>()
  for (const [bucket, entry] of entries) buckets.set(bucket, entry + (buckets.get(bucket) ?? ''))
  return [...buckets].flat()
}

function entryOf({ id, digest, appliedAtMs }: RememberedId): Entry {
  const clock = Buffer.allocUnsafe(clockBytes)
  clock.writeUIntBE(appliedAtMs, 0, clockBytes)
  return [id.slice(0, bucketBytes), id.slice(bucketBytes) + digest + clock.toString('latin1')]
}

/** The newest first. */
export function unpackBucket(name: Buffer, bucket: Buffer): RememberedId[] {
  return Array.from({ length: idsIn(bucket) }, (_, index) => {
    const entry = bucket.subarray(index * entryBytes, (index + 1) * entryBytes)
    const rest = entryBytes - knownBytes
    return unpackId(name.toString('latin1') + entry.toString('latin1', 0, rest), entry.subarray(rest))
  })
}

/** The ids of a bucket as the parts of a checkpoint have them, the newest last. */
export function bytesInBucket(name: Buffer, bucket: Buffer): Buffer {
  const count = idsIn(bucket)
  const bytes = Buffer.allocUnsafe(count * ID_BYTES)
  for (let index = 0; index < count; index += 1) {
    const to = (count - 1 - index) * ID_BYTES
    name.copy(bytes, to)
    bucket.copy(bytes, to + bucketBytes, index * entryBytes, (index + 1) * entryBytes)
  }
  return bytes
}

/** Returns bytes as `bytesInBucket` does, for an id in a field of its own. */
export function bytesOfId(id: Buffer, known: Buffer): Buffer {
  return Buffer.concat([id, known])
}

/** Packs ids by generation, as `packIds` does. */
export function packIdBytes(bytes: Buffer): Map<number, Buckets> {
  const generations = new Map<number, Entry[]>()
  for (let at = 0; at < bytes.length; at += ID_BYTES) {
    const generation = generationOf(bytes.readUIntBE(at + ID_BYTES - clockBytes, clockBytes))
    const own = generations.get(generation) ?? []
    if (own.length === 0) generations.set(generation, own)
    const rest = at + bucketBytes
    own.push([bytes.toString('latin1', at, rest), bytes.toString('latin1', rest, at + ID_BYTES)])
  }
  return new Map([...generations].map(([generation, own]) => [generation, intoBuckets(own)]))
}

/** @param known what is stored behind the id: in its entry, or in a field of its own */
export function unpackId(id: string, known: Buffer): RememberedId {
  return {
    id,
    digest: known.toString('latin1', 0, digestBytes),
    appliedAtMs: known.readUIntBE(digestBytes, clockBytes),
  }
}

export function idsIn(bucket: Buffer): number {
  return bucket.length / entryBytes
}
