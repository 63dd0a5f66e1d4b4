import type { Batch } from './batch.ts'
import { Cursor } from './cursor.ts'
import { deltasOf } from './record.ts'

/** As named in a fetch response. */
export interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: number
}

/** The type in the key of a marker, after its version. */
const ABORT = 0

/** Finds the batches of a fetched partition that a reader of committed records must not see. */
export class AbortedTransactions {
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
