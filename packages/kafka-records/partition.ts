/** Decodes the fetched bytes of one partition. */
import { setImmediate } from 'node:timers/promises'
import { type Batch, batchesOf, verifyChecksum } from './batch.ts'
import { Cursor } from './cursor.ts'
import { contextOf, FetchedRecord } from './fetched-record.ts'
import { OpenBatches, placeOf } from './open-batches.ts'
import { deltasOf, type RawRecord, SMALL_BYTES } from './record.ts'
import { readRecords, type Taker } from './records.ts'
import { UnreadableBytes } from './unreadable.ts'

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  /** Brokers return whole batches: records before this offset are skipped. */
  readonly fromOffset: number
  readonly bytes: Buffer
  readonly aborted: readonly AbortedTransaction[]
}

/** Records take at most this much memory by default, unless one alone takes more. The rest is left for the next fetch. */
const MAX_BYTES = 8 * 1024 * 1024
/** After this many bytes as in the log, other work gets its turn: decoding a whole fetch takes tens of milliseconds. */
const TURN_BYTES = 256 * 1024
/** Approximate overhead of a record, and of each header. */
const RECORD_BYTES = 300
const HEADER_BYTES = 150

/**
 * Returns the records from an offset on, in order, with time and memory proportional to their bytes. Offsets without a record (markers,
 * aborted transactions, compacted records) are covered by a control record at the last of them. It may stop early, but never without a
 * record: at a batch that cannot be read, after it has read much, and after a batch with an oversize record.
 *
 * @param mostBytes limit for the memory of the records
 * @param open what earlier calls for these partitions have left in the middle; this call may leave its last batch there
 * @param holding records that do not hold these bytes may be left out
 * @throws UnreadableBytes if the first batch cannot be read; the message names topic, partition and offset
 */
export async function recordsOf(
  fetched: FetchedPartition,
  mostBytes = MAX_BYTES,
  open = new OpenBatches(0),
  holding?: Buffer,
): Promise<FetchedRecord[]> {
  const { fromOffset, bytes, aborted } = fetched
  const resumption = { place: placeOf(fetched), open, holding }
  const transactions = new AbortedTransactions(aborted)
  const read: FetchedRecord[] = []
  let room = mostBytes
  let hasTakenLong = false
  let at = fromOffset
  let inThisTurn = 0
  try {
    for (const batch of batchesOf(bytes)) {
      if (inThisTurn > TURN_BYTES) {
        await setImmediate()
        inThisTurn = 0
      }
      inThisTurn += batch.records.length
      // Batches before the offset were checked by an earlier fetch.
      const isAhead = batch.lastOffset >= fromOffset
      if (isAhead) {
        at = Math.max(fromOffset, batch.baseOffset)
        verifyChecksum(batch)
      }
      const isHidden = transactions.has(batch) || batch.isControl
      if (!isAhead) continue
      const records: FetchedRecord[] = []
      const context = contextOf(batch)
      const hasRecord = () => read.length > 0 || records.length > 0
      const taker: Taker = {
        hasRoom: size => !hasRecord() || size + RECORD_BYTES <= room,
        take: (raw, size) => {
          const kept = keptBytes(raw, size)
          if (kept > room && hasRecord()) return 'refused'
          room -= kept
          records.push(
            new FetchedRecord(batch.baseOffset + raw.offsetDelta, timestampOf(batch, raw), raw, context),
          )
          hasTakenLong ||= raw.oversizeBytes !== undefined
          return room > 0 ? 'more' : 'enough'
        },
      }
      const isWhole = isHidden || (await readRecords(batch, at - batch.baseOffset, taker, resumption))
      for (const record of records) read.push(record)
      if (!isWhole) return read
      if (records.at(-1)?.offset !== String(batch.lastOffset))
        read.push(new FetchedRecord(batch.lastOffset, batch.maxTimestampMs, NOTHING, context, true))
      // A consumer sends heartbeats between two fetches: one such batch per fetch is enough.
      if (room <= 0 || hasTakenLong) return read
    }
  } catch (error) {
    if (!(error instanceof UnreadableBytes)) throw error
    // Records before it are returned first; the next fetch starts with it.
    if (read.length === 0) throw located(error, fetched, at)
  }
  return read
}

function keptBytes({ headers, oversizeBytes }: RawRecord, bytes: number): number {
  const own = oversizeBytes === undefined ? bytes : 2 * SMALL_BYTES
  return own + RECORD_BYTES + HEADER_BYTES * headers.length
}

const NOTHING = { key: null, value: null, headers: [] }

function timestampOf(batch: Batch, { timestampDelta }: { readonly timestampDelta: number }): number {
  return batch.isLogAppendTime ? batch.maxTimestampMs : batch.firstTimestampMs + timestampDelta
}

function located(
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

/** Type in the key of a marker, after its version. */
const ABORT = 0

/** Finds the batches of a fetched partition that a reader of committed records must not see. */
class AbortedTransactions {
  /** Transactions that start later, the first of them last. */
  readonly #ahead: AbortedTransaction[]
  /** Producers with an open transaction that was aborted. */
  readonly #open = new Set<string>()

  /** @param aborted empty for a reader that sees all records */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Whether the batch belongs to an aborted transaction. Call it once for each batch, in order. */
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

/** Markers are not compressed, and each has its own batch. */
function isAbortMarker({ records, recordCount }: Batch): boolean {
  if (recordCount === 0) return false
  const cursor = new Cursor(records)
  cursor.varint()
  deltasOf(cursor)
  const key = cursor.field()
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT
}
