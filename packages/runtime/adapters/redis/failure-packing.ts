/** Binary form of failures in a partition state: by producer group, in buckets. See `layout.ts`. */
import type { FailureName, RememberedFailure } from '../../pipeline/model/failure-memory.ts'
import { type Buckets, intoBuckets } from './id-packing.ts'
import { LAYOUT } from './layout.ts'

const { idBytes, digestBytes, entryBytes } = LAYOUT.failures

/** Flags in the lowest bits of the number that contains the attempt. */
const OPEN = 1
const REOPENED = 2

/**
 * Returns the bytes of a failure's id; undefined if the text is not a valid id. The text comes from a record header, which can
 * contain anything.
 */
function decodeId(id: string): Buffer | undefined {
  const bytes = Buffer.from(id, 'base64url')
  return bytes.length === idBytes && bytes.toString('base64url') === id ? bytes : undefined
}

function computeBucket(id: Buffer): string {
  return String.fromCharCode((id[0] as number) % LAYOUT.failures.buckets)
}

function packFailure(failure: RememberedFailure): [bucket: string, entry: string] {
  const { id, digest, offset, partition, attempt, isOpen, firstFailedAt, failedAtMs } = failure
  const entry = Buffer.alloc(entryBytes)
  const name = decodeId(id)
  if (!name) throw new Error('the id of a failure is 128 bits in base64url')
  name.copy(entry)
  entry.write(digest, idBytes, digestBytes, 'base64url')
  let at = idBytes + digestBytes
  at = entry.writeUIntBE(offset, at, 6)
  at = entry.writeUInt32BE(partition, at)
  at = entry.writeUInt32BE(attempt * 4 + (failure.isReopened ? REOPENED : 0) + (isOpen ? OPEN : 0), at)
  at = entry.writeDoubleBE(Date.parse(firstFailedAt), at)
  entry.writeUIntBE(failedAtMs, at, 6)
  return [computeBucket(name), entry.toString('latin1')]
}

function unpackFailure(entry: Buffer, producerGroup: number): RememberedFailure {
  const at = idBytes + digestBytes
  const attempt = entry.readUInt32BE(at + 10)
  const isReopened = (attempt & REOPENED) > 0
  return {
    id: entry.toString('base64url', 0, idBytes),
    partition: entry.readUInt32BE(at + 6),
    offset: entry.readUIntBE(at, 6),
    attempt: Math.floor(attempt / 4),
    digest: entry.toString('base64url', idBytes, at),
    producerGroup,
    isOpen: (attempt & OPEN) > 0,
    ...(isReopened ? { isReopened } : {}),
    firstFailedAt: new Date(entry.readDoubleBE(at + 14)).toISOString(),
    failedAtMs: entry.readUIntBE(at + 22, 6),
  }
}

/** Packs failures by producer group. */
export function packFailures(failures: readonly RememberedFailure[]): Map<string, Buckets> {
  const groups = Map.groupBy(failures, ({ producerGroup }) => String(producerGroup))
  return new Map([...groups].map(([group, own]) => [group, intoBuckets(own.map(packFailure))]))
}

/** Returns the bytes of the ids by group and bucket. Invalid ids are skipped. */
export function namesByBucket(names: readonly FailureName[]): Map<string, Map<string, string[]>> {
  const validIds = names.flatMap(({ id, producerGroup }) => {
    const bytes = decodeId(id)
    return bytes ? [{ bytes, group: String(producerGroup) }] : []
  })
  const groups = Map.groupBy(validIds, ({ group }) => group)
  return new Map(
    [...groups].map(([group, own]) => {
      const buckets = Map.groupBy(own, ({ bytes }) => computeBucket(bytes))
      const ids = [...buckets].map(
        ([bucket, some]) => [bucket, some.map(({ bytes }) => bytes.toString('latin1'))] as const,
      )
      return [group, new Map(ids)]
    }),
  )
}

/**
 * Unpacks the failures in the reply of `load.lua`.
 *
 * @param found alternating groups and entries
 */
export function unpackFailures(found: readonly Buffer[]): Map<string, RememberedFailure> {
  const failures = new Map<string, RememberedFailure>()
  for (let at = 0; at < found.length; at += 2) {
    const failure = unpackFailure(found[at + 1] as Buffer, Number(found[at]))
    failures.set(failure.id, failure)
  }
  return failures
}

/** Returns the failures in a bucket, the newest first. */
export function unpackFailureBucket(bucket: Buffer, producerGroup: number): RememberedFailure[] {
  return Array.from({ length: bucket.length / entryBytes }, (_, index) =>
    unpackFailure(bucket.subarray(index * entryBytes, (index + 1) * entryBytes), producerGroup),
  )
}

type Group = Readonly<Record<(typeof LAYOUT.failures.group)[number], number>>

/** Parses the numbers of a producer group: its first and last generation. */
export function readGroup(text: string): Group {
  const numbers = text.split(' ').map(Number)
  return Object.fromEntries(LAYOUT.failures.group.map((name, index) => [name, numbers[index]])) as Group
}
