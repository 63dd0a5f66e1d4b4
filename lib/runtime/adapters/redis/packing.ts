/**
 * Packs the arguments of the scripts. They are few and large because a managed cache limits their number, and in MessagePack
 * because the server's Lua reads a list of it in one call. Binary data is packed as latin1 strings, one character per byte:
 * the server's Lua rejects MessagePack's own type for bytes, which every library writes.
 */
import type { RememberedId, StoredTimer } from '../../pipeline/model.ts'
import { GENERATION_MS, generationOf } from './generations.ts'

type Encoding = 'utf8' | 'latin1'
type Packable = string | Buffer | readonly Packable[]

/** A list of strings, bytes, and lists of these. */
export function packList(items: readonly Packable[], encoding: Encoding = 'utf8'): Buffer {
  const packed = Buffer.allocUnsafe(roomFor(items, encoding))
  return packed.subarray(0, write(items, packed, 0, encoding))
}

const LONGEST_HEADER = 5

function roomFor(item: Packable, encoding: Encoding): number {
  if (!Array.isArray(item)) return LONGEST_HEADER + Buffer.byteLength(item as string | Buffer, encoding)
  return item.reduce((room, inner) => room + roomFor(inner, encoding), LONGEST_HEADER)
}

/** Returns where it ends. */
function write(item: Packable, packed: Buffer, at: number, encoding: Encoding): number {
  if (typeof item === 'string') return writeString(item, packed, at, encoding)
  if (Buffer.isBuffer(item)) {
    packed[at] = STRING
    return packed.writeUInt32BE(item.length, at + 1) + item.copy(packed, at + 5)
  }
  packed[at] = LIST
  return item.reduce<number>(
    (end, inner) => write(inner, packed, end, encoding),
    packed.writeUInt32BE(item.length, at + 1),
  )
}

/** MessagePack, "Formats": each with its length in four bytes behind; of a string below 32 bytes it is in this one. */
const LIST = 0xdd
const STRING = 0xdb
const SHORT_STRING = 0xa0

function writeString(text: string, packed: Buffer, at: number, encoding: Encoding): number {
  // A character has at most three bytes in UTF-8.
  if (text.length <= 10) {
    const length = packed.write(text, at + 1, encoding)
    packed[at] = SHORT_STRING | length
    return at + 1 + length
  }
  const length = packed.write(text, at + 5, encoding)
  packed[at] = STRING
  return packed.writeUInt32BE(length, at + 1) + length
}

/** Alternating strings of pairs. */
export function packPairs(pairs: Iterable<readonly [string, string]>): Buffer {
  return packList([...pairs].flat())
}

const ID = 12
const DIGEST = 8
const CLOCK = 6

export function packIds(ids: readonly string[]): Buffer {
  return Buffer.from(ids.join(''), 'latin1')
}

/**
 * The first bytes of an id name its bucket: all that is known of the ids that share them is one value, the newest in front.
 * A field for each id would take twice the memory.
 */
const BUCKET = 2
const IN_BUCKET = ID - BUCKET + DIGEST + CLOCK

type Bucket = [name: string, content: string]

/** The hash for ids that arrived after their bucket was full, each in a field of its own. */
export function behindFull(idsKey: string): string {
  return `${idsKey}:more`
}

/** By generation the buckets, as latin1; a later id goes before those that its bucket has. */
export function bucketsOf(ids: readonly RememberedId[]): Map<number, readonly Bucket[]> {
  const generations = new Map<number, Map<string, string>>()
  for (const { id, digest, appliedAtMs } of ids) {
    const generation = generationOf(appliedAtMs, GENERATION_MS)
    const buckets = generations.get(generation) ?? new Map<string, string>()
    generations.set(generation, buckets)
    const name = id.slice(0, BUCKET)
    buckets.set(name, id.slice(BUCKET) + digest + clockOf(appliedAtMs) + (buckets.get(name) ?? ''))
  }
  return new Map([...generations].map(([generation, buckets]) => [generation, [...buckets]]))
}

/** What a commit remembers: generation and buckets in turn. */
export function packRemembered(ids: readonly RememberedId[]): Buffer {
  const generations = [...bucketsOf(ids)].flatMap(([generation, buckets]) => [
    `${generation}`,
    buckets.flat(),
  ])
  return packList(generations, 'latin1')
}

function clockOf(atMs: number): string {
  const bytes = Buffer.allocUnsafe(CLOCK)
  bytes.writeUIntBE(atMs, 0, CLOCK)
  return bytes.toString('latin1')
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

/** An id that is stored outside its full bucket. */
export function unpackId(id: Buffer, known: Buffer): RememberedId {
  return {
    id: id.toString('latin1'),
    digest: known.toString('latin1', 0, DIGEST),
    appliedAtMs: known.readUIntBE(DIGEST, CLOCK),
  }
}

export function idsIn(bucket: Buffer): number {
  return bucket.length / IN_BUCKET
}

/** The threshold by which an entity's timers are found. */
export function earliest(timers: readonly StoredTimer[]): number {
  return Math.min(...timers.map(({ thresholdMs }) => thresholdMs))
}

/** What `load.lua` returns about the ids that it knows; `asked` is in the order in which they were packed. */
export function unpackHits(hits: Buffer, asked: readonly string[]): Map<string, RememberedId> {
  const known = new Map<string, RememberedId>()
  for (let at = 0; at < hits.length; at += 2 + DIGEST + CLOCK) {
    const id = asked[hits.readUInt16BE(at)] as string
    const digest = hits.toString('latin1', at + 2, at + 2 + DIGEST)
    known.set(id, { id, digest, appliedAtMs: hits.readUIntBE(at + 2 + DIGEST, CLOCK) })
  }
  return known
}
