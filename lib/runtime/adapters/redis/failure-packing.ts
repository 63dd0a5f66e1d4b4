/**
 * Failures as a partition state stores them. Those of a group of producers are in numbered generations, the newest last, so that
 * the oldest can be removed at once. Within a generation they are in buckets by id, the newest in front. The scripts count the
 * bytes of all of it.
 */
import type { FailureName, RememberedFailure } from '../../pipeline/model.ts'
import { packList } from './packing.ts'

const ID = 16
const DIGEST = 12
/** Id, digest, offset (6), partition (4), attempt and whether it is open (4), first failed (8), log clock (6). */
const ENTRY = ID + DIGEST + 28

/** Field of a generation's hash: its bytes, its number of failures, and the log clock of the last. */
export const ABOUT = ''

/** Overhead of a bucket and a generation, and the size of an entry with the server's overhead: see `commit.lua`. */
const ENTRY_TAKES = 64
const BUCKET_TAKES = 64
const GENERATION_TAKES = 512
const BUCKETS = 64

/** The bytes of a failure's id; undefined if the text is not one, since a header can contain anything. */
function idBytes(id: string): Buffer | undefined {
  const bytes = Buffer.from(id, 'base64url')
  return bytes.length === ID && bytes.toString('base64url') === id ? bytes : undefined
}

function bucketOf(id: Buffer): string {
  return String.fromCharCode((id[0] as number) % BUCKETS)
}

function packed(failure: RememberedFailure): { readonly bucket: string; readonly entry: string } {
  const { id, digest, offset, partition, attempt, isOpen, firstFailedAt, failedAtMs } = failure
  const entry = Buffer.alloc(ENTRY)
  const name = idBytes(id)
  if (!name) throw new Error('the id of a failure is 128 bits in base64url')
  name.copy(entry)
  entry.write(digest, ID, DIGEST, 'base64url')
  let at = ID + DIGEST
  at = entry.writeUIntBE(offset, at, 6)
  at = entry.writeUInt32BE(partition, at)
  at = entry.writeUInt32BE(attempt * 2 + (isOpen ? 1 : 0), at)
  at = entry.writeDoubleBE(Date.parse(firstFailedAt), at)
  entry.writeUIntBE(failedAtMs, at, 6)
  return { bucket: bucketOf(name), entry: entry.toString('latin1') }
}

function unpacked(entry: Buffer, producerGroup: number): RememberedFailure {
  const at = ID + DIGEST
  const attempt = entry.readUInt32BE(at + 10)
  return {
    id: entry.toString('base64url', 0, ID),
    partition: entry.readUInt32BE(at + 6),
    offset: entry.readUIntBE(at, 6),
    attempt: Math.floor(attempt / 2),
    digest: entry.toString('base64url', ID, at),
    producerGroup,
    isOpen: attempt % 2 === 1,
    firstFailedAt: new Date(entry.readDoubleBE(at + 14)).toISOString(),
    failedAtMs: entry.readUIntBE(at + 22, 6),
  }
}

/** What a commit remembers: group, and a list of buckets and entries in turn, the oldest first; in turn. */
export function packFailures(failures: readonly RememberedFailure[]): Buffer {
  const groups = Map.groupBy(failures, ({ producerGroup }) => producerGroup)
  const lists = [...groups].flatMap(([group, own]) => [
    String(group),
    own.flatMap(failure => {
      const { bucket, entry } = packed(failure)
      return [bucket, entry]
    }),
  ])
  return packList(lists, 'latin1')
}

/** What a load asks for: group, and the bytes of ids, in turn; and the names in the order in which they will be answered. */
export function packNames(names: readonly FailureName[]): {
  readonly asked: Buffer
  readonly order: readonly FailureName[]
} {
  const known = names.filter(({ id }) => idBytes(id))
  const groups = Map.groupBy(known, ({ producerGroup }) => producerGroup)
  const lists = [...groups].flatMap(([group, own]) => [
    String(group),
    Buffer.concat(own.map(({ id }) => Buffer.from(id, 'base64url'))),
  ])
  return { asked: packList(lists), order: [...groups.values()].flat() }
}

/** @param entries as the script returns them, in the order of the names */
export function unpackFailures(
  order: readonly FailureName[],
  entries: readonly (Buffer | null)[],
): Map<string, RememberedFailure> {
  const found = order.flatMap(({ id, producerGroup }, index) => {
    const entry = entries[index]
    return entry ? [[id, unpacked(entry, producerGroup)] as const] : []
  })
  return new Map(found)
}

/** The failures in a bucket, the newest first. */
export function unpackFailureBucket(bucket: Buffer, producerGroup: number): RememberedFailure[] {
  return Array.from({ length: bucket.length / ENTRY }, (_, index) =>
    unpacked(bucket.subarray(index * ENTRY, (index + 1) * ENTRY), producerGroup),
  )
}

/** A group of producers: the numbers of its generations, what they take, and the log clock at which the last one began. */
export interface Group {
  readonly first: number
  readonly last: number
  readonly bytes: number
  readonly openedMs: number
}

export function readGroup(text: string): Group {
  const [first = 1, last = 0, bytes = 0, openedMs = 0] = text.split(' ').map(Number)
  return { first, last, bytes, openedMs }
}

type Field = readonly [name: string, field: string, value: Buffer]

/** The failures of a partition state that is restored: one generation per group. Returns all fields and their bytes. */
export function restoredFailures(failures: readonly RememberedFailure[]): {
  readonly fields: readonly Field[]
  readonly bytes: number
} {
  const fields: Field[] = []
  let all = 0
  for (const [group, own] of Map.groupBy(failures, ({ producerGroup }) => producerGroup)) {
    const byAge = [...own].sort((a, b) => b.failedAtMs - a.failedAtMs)
    const buckets = Map.groupBy(byAge.map(packed), ({ bucket }) => bucket)
    const bytes = GENERATION_TAKES + buckets.size * BUCKET_TAKES + own.length * ENTRY_TAKES
    const newestMs = byAge[0]?.failedAtMs ?? 0
    all += bytes
    for (const [bucket, entries] of buckets) {
      const content = entries.map(({ entry }) => entry).join('')
      fields.push([`failures:${group}:1`, bucket, Buffer.from(content, 'latin1')])
    }
    fields.push([`failures:${group}:1`, ABOUT, Buffer.from(`${bytes} ${own.length} ${newestMs}`)])
    fields.push(['failures', String(group), Buffer.from(`1 1 ${bytes} ${newestMs}`)])
  }
  return { fields, bytes: all }
}
