/**
 * Decodes the records of one batch in order. A small batch is decompressed first; a large batch is decoded while it is being
 * decompressed.
 */

import { Cursor } from './cursor.ts'
import { inflate } from './inflate.ts'
import type { OpenBatches } from './open-batches.ts'
import { type RawRecord, readContent, readDeltas } from './raw-record.ts'
import type { Batch } from './read-batches.ts'
import { RecordStream } from './record-stream.ts'
import { createMalformedError, UnreadableBytes } from './unreadable-bytes.ts'

/**
 * Maximum size of a batch that is decompressed at once, in bytes. This is faster than decompressing it in parts, but a function has
 * 512 MB and reads several partitions concurrently.
 */
const AT_ONCE_BYTES = 4 * 1024 * 1024

export interface RecordSink {
  /** Returns true if a record of at least this size can still be accepted. */
  hasRoom(bytes: number): boolean
  /**
   * Receives a record and its size in the log. `more` continues the read. `enough` ends it after this record; `refused` ends it
   * because this record was not accepted.
   */
  take(record: RawRecord, bytes: number): 'more' | 'enough' | 'refused'
}

/** Key of the partition in `open`, and the partially read batches of earlier reads. */
export interface Resumption {
  readonly place: string
  readonly open: OpenBatches
  /** Bytes to search for. Records that do not contain them may be skipped, except in a large batch. */
  readonly holding?: Buffer | undefined
}

/**
 * Reads the records of a batch, starting at an offset delta.
 *
 * @returns false if the receiver has ended the read
 * @throws UnreadableBytes if the batch is damaged
 */
export async function readRecords(
  batch: Batch,
  fromDelta: number,
  sink: RecordSink,
  resumption: Resumption,
): Promise<boolean> {
  if (batch.recordCount < 0) throw createMalformedError('it has a negative number of records')
  const { place, open, holding } = resumption
  const left = open.take(place, batch, fromDelta)
  if (left) return readInParts(left, fromDelta, sink, resumption)
  const bytes = await inflatedAtOnce(batch)
  return bytes
    ? readWhole(bytes, batch, fromDelta, sink, holding)
    : readInParts(new RecordStream(batch), fromDelta, sink, resumption)
}

/** Returns the decompressed bytes; undefined if the batch is large. */
async function inflatedAtOnce({ codec, records }: Batch): Promise<Buffer | undefined> {
  try {
    return await inflate(codec, records, AT_ONCE_BYTES)
  } catch (error) {
    if (error instanceof UnreadableBytes && error.reason === 'too-large') return undefined
    throw error
  }
}

function readWhole(
  bytes: Buffer,
  { recordCount }: Batch,
  fromDelta: number,
  sink: RecordSink,
  holding: Buffer | undefined,
): boolean {
  // Most batches do not contain these bytes, so their records are not decoded.
  let found = holding ? bytes.indexOf(holding) : 0
  if (found < 0) return true
  const cursor = new Cursor(bytes)
  for (let n = 0; n < recordCount; n += 1) {
    const length = cursor.varint()
    const begin = cursor.at
    cursor.skip(length)
    if (holding) {
      if (found < begin) found = bytes.indexOf(holding, begin)
      if (found < 0) return true
      if (found >= cursor.at) continue
    }
    const record = readRecord(new Cursor(bytes, begin, cursor.at), fromDelta)
    if (record && sink.take(record, length) !== 'more') return false
  }
  return true
}

/** Decodes a record. Returns undefined if the record precedes the requested position. */
function readRecord(cursor: Cursor, fromDelta: number): RawRecord | undefined {
  const bytes = cursor.end - cursor.at
  const { offsetDelta, timestampDelta } = readDeltas(cursor)
  return offsetDelta < fromDelta ? undefined : { offsetDelta, timestampDelta, ...readContent(cursor, bytes) }
}

async function readInParts(
  stream: RecordStream,
  fromDelta: number,
  sink: RecordSink,
  { place, open }: Resumption,
): Promise<boolean> {
  try {
    for (;;) {
      const next = await stream.next(fromDelta, bytes => sink.hasRoom(bytes))
      if (next === 'end') {
        await stream.close()
        return true
      }
      const answer = next === 'no-room' ? 'refused' : sink.take(next.record, next.bytes)
      if (answer === 'more') continue
      if (next !== 'no-room' && answer === 'refused') stream.giveBack(next)
      open.keep(place, stream)
      return false
    }
  } catch (error) {
    await stream.close()
    throw error
  }
}
