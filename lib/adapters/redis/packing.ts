/** The packed arguments of the scripts: few and large, because a managed cache limits their number. */
import type { RememberedId, StoredTimer } from '../../pipeline/ports.ts'

const ID = 12
const DIGEST = 8
const CLOCK = 6

/** Pairs of strings in turn. */
export function packPairs(pairs: Iterable<readonly [string, string]>): Buffer {
  return packList([...pairs].flat())
}

/** Strings, or bytes, each with its length in four bytes before it. */
export function packList(texts: Iterable<string | Buffer>): Buffer {
  const parts: Buffer[] = []
  for (const text of texts) {
    const length = Buffer.allocUnsafe(4)
    length.writeUInt32BE(Buffer.byteLength(text))
    parts.push(length, typeof text === 'string' ? Buffer.from(text) : text)
  }
  return Buffer.concat(parts)
}

export function packIds(ids: readonly string[]): Buffer {
  return Buffer.from(ids.join(''), 'latin1')
}

export function packRemembered(ids: readonly RememberedId[]): Buffer {
  const packed = Buffer.allocUnsafe(ids.length * (ID + DIGEST + CLOCK))
  let at = 0
  for (const { id, digest, appliedAtMs } of ids) {
    at += packed.write(id, at, ID, 'latin1')
    at += packed.write(digest, at, DIGEST, 'latin1')
    at = packed.writeUIntBE(appliedAtMs, at, CLOCK)
  }
  return packed
}

/** Of the bytes of an id, so many name the bucket that it lies in; the bucket has the rest. */
const BUCKET = 2
const IN_BUCKET = ID - BUCKET + DIGEST + CLOCK

/** Ids of one generation as `commit-slot.lua` keeps them: those that share their first bytes in one value. */
export function packBuckets(ids: readonly RememberedId[]): [name: Buffer, bucket: Buffer][] {
  const buckets = Map.groupBy(ids, ({ id }) => id.slice(0, BUCKET))
  return [...buckets].map(([name, own]) => [
    Buffer.from(name, 'latin1'),
    Buffer.concat(own.map(remembered => packRemembered([remembered]).subarray(BUCKET))),
  ])
}

/** The newest first. */
export function unpackBucket(name: Buffer, bucket: Buffer): RememberedId[] {
  return Array.from({ length: idsIn(bucket) }, (_, index) => {
    const own = bucket.subarray(index * IN_BUCKET, (index + 1) * IN_BUCKET)
    const rest = ID - BUCKET
    return {
      id: name.toString('latin1') + own.toString('latin1', 0, rest),
      digest: own.toString('latin1', rest, rest + DIGEST),
      appliedAtMs: own.readUIntBE(rest + DIGEST, CLOCK),
    }
  })
}

export function idsIn(bucket: Buffer): number {
  return bucket.length / IN_BUCKET
}

/** The threshold by which an entity's timers are found. */
export function earliest(timers: readonly StoredTimer[]): number {
  return Math.min(...timers.map(({ thresholdMs }) => thresholdMs))
}

/** What `load-slot.lua` says of the ids it knows; `asked` is in the order in which they were packed. */
export function unpackHits(hits: Buffer, asked: readonly string[]): Map<string, RememberedId> {
  const known = new Map<string, RememberedId>()
  for (let at = 0; at < hits.length; at += 2 + DIGEST + CLOCK) {
    const id = asked[hits.readUInt16BE(at)] as string
    const digest = hits.toString('latin1', at + 2, at + 2 + DIGEST)
    known.set(id, { id, digest, appliedAtMs: hits.readUIntBE(at + 2 + DIGEST, CLOCK) })
  }
  return known
}
