/**
 * Decodes the records of one batch, in order: from its inflated bytes if they are few, or else while they are inflated.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Batch } from './batch.ts'
import { ByteStream } from './byte-stream.ts'
import { inflate, inflateInParts } from './codecs.ts'
import { Cursor, Malformed } from './cursor.ts'
import { contentOf, deltasOf, headersOf, LARGEST_EVENT_BYTES, type RawRecord, SMALL_BYTES } from './record.ts'
import { UnreadableBatch } from './unreadable-batch.ts'

/**
 * A batch up to this size is inflated at once, which is faster; nearly all are far smaller. A function has 512 MB and
 * reads several partitions concurrently.
 */
const AT_ONCE_BYTES = 4 * 1024 * 1024

/** Receives a record and its size in the log. Returns false to stop. */
export type Take = (record: RawRecord, bytes: number) => boolean

/**
 * Reads the records of a batch one after another.
 *
 * @param fromDelta earlier records are skipped
 * @returns false if `take` has stopped the reading
 * @throws UnreadableBatch, or Malformed
 */
export async function readRecords(batch: Batch, fromDelta: number, take: Take): Promise<boolean> {
  if (batch.recordCount < 0) throw new Malformed('it has a negative number of records')
  const bytes = await inflatedAtOnce(batch)
  return bytes ? readWhole(bytes, batch, fromDelta, take) : readInParts(batch, fromDelta, take)
}

/** Undefined if it is large. */
async function inflatedAtOnce({ codec, records }: Batch): Promise<Buffer | undefined> {
  try {
    return await inflate(codec, records, AT_ONCE_BYTES)
  } catch (error) {
    if (error instanceof UnreadableBatch && error.reason === 'too-large') return undefined
    throw error
  }
}

function readWhole(bytes: Buffer, { recordCount }: Batch, fromDelta: number, take: Take): boolean {
  const cursor = new Cursor(bytes)
  for (let n = 0; n < recordCount; n += 1) {
    const length = cursor.varint()
    const begin = cursor.at
    cursor.skip(length)
    const record = recordIn(new Cursor(bytes, begin, cursor.at), fromDelta)
    if (record && !take(record, length)) return false
  }
  return true
}

/** Undefined if it is skipped. */
function recordIn(cursor: Cursor, fromDelta: number): RawRecord | undefined {
  const bytes = cursor.end - cursor.at
  const { offsetDelta, timestampDelta } = deltasOf(cursor)
  if (offsetDelta < fromDelta) return undefined
  const { key, value, headers, oversizeBytes } = contentOf(cursor, bytes)
  return oversizeBytes === undefined
    ? { offsetDelta, timestampDelta, key, value, headers }
    : { offsetDelta, timestampDelta, key, value, headers, oversizeBytes }
}

async function readInParts(
  { codec, records, recordCount }: Batch,
  fromDelta: number,
  take: Take,
): Promise<boolean> {
  const parts = yieldingToEventLoop(inflateInParts(codec, records))
  const stream = new ByteStream(parts)
  try {
    for (let n = 0; n < recordCount; n += 1) {
      const length = new Cursor(await stream.varintBytes()).varint()
      const isLarge = length > LARGEST_EVENT_BYTES
      if (length < 0) throw new Malformed('a record has a negative length')
      const record = isLarge
        ? await oversizeRecord(stream, length)
        : recordIn(new Cursor(await stream.take(length)), fromDelta)
      if (record && record.offsetDelta >= fromDelta && !take(record, isLarge ? 2 * SMALL_BYTES : length))
        return false
    }
    return true
  } finally {
    await parts.return(undefined)
  }
}

/** Reads the parts that are kept of an oversize record, and skips the rest while it is inflated. */
async function oversizeRecord(stream: ByteStream, bytes: number): Promise<RawRecord> {
  const begin = stream.position
  const varint = async () => new Cursor(await stream.varintBytes()).varint()
  const left = () => bytes - (stream.position - begin)
  const skip = (count: number) => {
    if (count > left()) throw new Malformed('a field is longer than its record')
    return stream.skip(Math.max(0, count))
  }
  await stream.skip(1)
  const timestampDelta = await varint()
  const offsetDelta = await varint()
  const keyBytes = await varint()
  const hasSmallKey = keyBytes >= 0 && keyBytes <= SMALL_BYTES
  const key = hasSmallKey ? await stream.take(keyBytes) : null
  if (!hasSmallKey) await skip(keyBytes)
  await skip(await varint())
  const rest = left()
  const headers = rest <= SMALL_BYTES ? headersOf(new Cursor(await stream.take(Math.max(0, rest)))) : []
  await skip(left())
  return { offsetDelta, timestampDelta, key, value: null, headers, oversizeBytes: bytes }
}

/** How much is inflated before the event loop gets a turn, for heartbeats and other partitions. */
const BYTES_PER_TURN = 8 * 1024 * 1024

async function* yieldingToEventLoop(parts: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const part of parts) {
    yield part
    bytes += part.length
    if (bytes < BYTES_PER_TURN) continue
    bytes = 0
    await turn()
  }
}
