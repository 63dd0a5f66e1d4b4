/** Decodes the fetched bytes of one partition. */
import { setImmediate } from 'node:timers/promises'
import { Cursor } from './cursor.ts'
import { FetchedRecord, toBatchContext } from './fetched-record.ts'
import { formatPartition, OpenBatches } from './open-batches.ts'
import { type RawRecord, readDeltas, SMALL_BYTES } from './raw-record.ts'
import { type Batch, readBatches, verifyChecksum } from './read-batches.ts'
import { type RecordSink, readRecords } from './read-records.ts'
import { UnreadableBytes } from './unreadable-bytes.ts'

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** First offset to return. Brokers return whole batches, so records before this offset are skipped. */
  readonly fromOffset: number
  readonly bytes: Buffer
  readonly aborted: readonly AbortedTransaction[]
}

/**
 * Default limit for the memory of the returned records, in bytes. A single record above the limit is returned alone. The remaining
 * records are read with the next fetch.
 */
const MAX_BYTES = 8 * 1024 * 1024
/** Number of undecoded bytes after which other work is done first, because decoding a whole fetch takes tens of milliseconds. */
const TURN_BYTES = 256 * 1024
/** Approximate memory of a record and of each header, in addition to their contents, in bytes. */
const RECORD_BYTES = 300
const HEADER_BYTES = 150

/**
 * Returns the records from an offset on, in order. Time and memory are proportional to their bytes. Offsets without a record
 * (markers, aborted transactions, compacted records) are represented by one control record at the last of these offsets. After at
 * least one record, it may stop early: before a batch that cannot be read, after a large amount of data, or after a batch with an
 * oversize record.
 *
 * @param mostBytes limit for the memory of the records, in bytes
 * @param open partially read batches of earlier calls; this call may add its last batch
 * @param holding bytes to search for; records that do not contain them may be omitted
 * @throws UnreadableBytes if the first batch cannot be read; the message contains the topic, partition and offset
 */
export async function decodePartition(
  fetched: FetchedPartition,
  mostBytes = MAX_BYTES,
  open = new OpenBatches(0),
  holding?: Buffer,
): Promise<FetchedRecord[]> {
  const { fromOffset, bytes, aborted } = fetched
  const resumption = { place: formatPartition(fetched), open, holding }
  const transactions = new AbortedTransactions(aborted)
  const read: FetchedRecord[] = []
  let room = mostBytes
  let hasTakenLong = false
  let at = fromOffset
  let inThisTurn = 0
  try {
    for (const batch of readBatches(bytes)) {
      if (inThisTurn > TURN_BYTES) {
        await setImmediate()
        inThisTurn = 0
      }
      inThisTurn += batch.records.length
      // An earlier fetch has verified the batches before the offset.
      const isAhead = batch.lastOffset >= fromOffset
      if (isAhead) {
        at = Math.max(fromOffset, batch.baseOffset)
        verifyChecksum(batch)
      }
      const isHidden = transactions.has(batch) || batch.isControl
      if (!isAhead) continue
      const records: FetchedRecord[] = []
      const context = toBatchContext(batch)
      const hasRecord = () => read.length > 0 || records.length > 0
      const sink: RecordSink = {
        hasRoom: size => !hasRecord() || size + RECORD_BYTES <= room,
        take: (raw, size) => {
          const memoryBytes = estimateMemory(raw, size)
          if (memoryBytes > room && hasRecord()) return 'refused'
          room -= memoryBytes
          records.push(toFetchedRecord(batch, raw, context))
          hasTakenLong ||= raw.oversizeBytes !== undefined
          return room > 0 ? 'more' : 'enough'
        },
      }
      const isWhole = isHidden || (await readRecords(batch, at - batch.baseOffset, sink, resumption))
      for (const record of records) read.push(record)
      if (!isWhole) return read
      if (records.at(-1)?.offset !== String(batch.lastOffset))
        read.push(new FetchedRecord(batch.lastOffset, batch.maxTimestampMs, NOTHING, context, true))
      // Decoding a large batch takes a long time, and a consumer sends heartbeats only between two fetches, so stop after this
      // batch.
      if (room <= 0 || hasTakenLong) return read
    }
  } catch (error) {
    if (!(error instanceof UnreadableBytes)) throw error
    // Records before the unreadable batch are returned first; the next fetch starts with that batch.
    if (read.length === 0) throw toLocatedError(error, fetched, at)
  }
  return read
}

function toFetchedRecord(
  batch: Batch,
  raw: RawRecord,
  context: ReturnType<typeof toBatchContext>,
): FetchedRecord {
  return new FetchedRecord(batch.baseOffset + raw.offsetDelta, computeTimestamp(batch, raw), raw, context)
}

function estimateMemory({ headers, oversizeBytes }: RawRecord, bytes: number): number {
  const own = oversizeBytes === undefined ? bytes : 2 * SMALL_BYTES
  return own + RECORD_BYTES + HEADER_BYTES * headers.length
}

const NOTHING = { key: null, value: null, headers: [] }

function computeTimestamp(batch: Batch, { timestampDelta }: { readonly timestampDelta: number }): number {
  return batch.isLogAppendTime ? batch.maxTimestampMs : batch.firstTimestampMs + timestampDelta
}

function toLocatedError(
  cause: UnreadableBytes,
  { topic, partition }: FetchedPartition,
  offset: number,
): UnreadableBytes {
  const { message } = cause
  const [reason, what] =
    cause.reason === 'malformed'
      ? (['corrupt', `a record batch is corrupt: ${message}`] as const)
      : [cause.reason, message]
  return new UnreadableBytes(reason, `${topic}/${partition} at offset ${offset}: ${what}`, { cause })
}

interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: number
}

/** Type of an abort marker. In the key of a marker, the type follows the version. */
const ABORT = 0

/** Finds the batches of aborted transactions. They must not be returned to a reader of committed records. */
class AbortedTransactions {
  /** Aborted transactions that start later in the log, in descending order of their first offsets. */
  readonly #ahead: AbortedTransaction[]
  /** Ids of producers with an open transaction that will be aborted. */
  readonly #open = new Set<string>()

  /** @param aborted aborted transactions; an empty list if the reader returns all records */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Returns true if the batch belongs to an aborted transaction. It must be called once for each batch, in order. */
  has(batch: Batch): boolean {
    if (this.#ahead.length === 0 && this.#open.size === 0) return false
    for (
      let next = this.#ahead.at(-1);
      next && next.firstOffset <= batch.lastOffset;
      next = this.#ahead.at(-1)
    ) {
      this.#open.add(next.producerId)
      this.#ahead.pop()
    }
    if (!batch.isControl) return batch.isTransactional && this.#open.has(batch.producerId)
    if (isAbortMarker(batch)) this.#open.delete(batch.producerId)
    return false
  }
}

/** Returns true for an abort marker. Markers are not compressed, and each marker is in a batch of its own. */
function isAbortMarker({ records, recordCount }: Batch): boolean {
  if (recordCount === 0) return false
  const cursor = new Cursor(records)
  cursor.varint()
  readDeltas(cursor)
  const key = cursor.field()
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT
}
