import type { PartitionRecords, WithOffset } from '../support/partition-records.ts'
import type { LastResponse } from './invocation-record.ts'

/** Number of attempts so far to deliver records that are delivered together. */
export interface Tried {
  /** Number of consecutive failed attempts, which determines the backoff. */
  readonly tries: number
  /** Number of failed attempts that count against the retries. */
  readonly failures: number
  readonly invocations: number
  /** Last response; absent if the records were never sent. */
  readonly response?: LastResponse
}

interface StampedRecord extends WithOffset {
  /**
   * Timestamp of the record, in milliseconds since the epoch. If the topic was created again, the timestamp distinguishes records
   * with the same offset.
   */
  readonly timestampMs: number
}

interface Failed {
  readonly tried: Tried
  readonly timestamps: ReadonlyMap<number, number>
}

const NEVER: Tried = { tries: 0, failures: 0, invocations: 0 }

/**
 * Failed batches with the number of their attempts. The attempts are kept during a rebalance; otherwise each rebalance would
 * restart the retries.
 */
export class FailedBatches {
  readonly #byPartition = new Map<number, Failed>()

  /** Stores a failed batch. Its records will be delivered together again. */
  store(parts: readonly PartitionRecords<StampedRecord>[], tried: Tried): void {
    for (const { partition, records } of parts) {
      const timestamps = new Map(records.map(({ offset, timestampMs }) => [offset, timestampMs]))
      this.#byPartition.set(partition, { tried, timestamps })
    }
  }

  /**
   * Divides a batch into units. Records that failed together form a unit. The other records form a unit before and a unit after
   * them, so that the order of each partition is kept. The first unit also contains the partitions without failures.
   */
  splitIntoUnits<R extends StampedRecord>(
    parts: readonly PartitionRecords<R>[],
  ): (Tried & { readonly parts: PartitionRecords<R>[] })[] {
    const before: PartitionRecords<R>[] = []
    const partsByTried = new Map<Tried, PartitionRecords<R>[]>()
    const after: PartitionRecords<R>[] = []
    const add = (to: PartitionRecords<R>[], partition: number, records: readonly R[]) => {
      if (records.length > 0) to.push({ partition, records })
    }
    for (const { partition, records } of parts) {
      const failedBatch = this.#byPartition.get(partition)
      const [begin, end] = failedBatch ? findRange(records, failedBatch) : [0, 0]
      if (!failedBatch || begin === end) {
        add(before, partition, records)
        continue
      }
      add(before, partition, records.slice(0, begin))
      const together = partsByTried.get(failedBatch.tried) ?? []
      partsByTried.set(failedBatch.tried, together)
      add(together, partition, begin === 0 && end === records.length ? records : records.slice(begin, end))
      add(after, partition, records.slice(end))
    }
    return [
      { parts: before, ...NEVER },
      ...[...partsByTried].map(([tried, together]) => ({ parts: together, ...tried })),
      { parts: after, ...NEVER },
    ].filter(unit => unit.parts.length > 0)
  }

  /** Removes records that were delivered or discarded. */
  remove(parts: readonly PartitionRecords[]): void {
    if (this.#byPartition.size === 0) return
    for (const { partition, records } of parts) {
      const [first = Number.POSITIVE_INFINITY] = this.#byPartition.get(partition)?.timestamps.keys() ?? []
      if (records.some(({ offset }) => offset >= first)) this.#byPartition.delete(partition)
    }
  }
}

/** Returns the range of the records that belong to the failed batch, as indexes. */
function findRange(
  records: readonly StampedRecord[],
  { timestamps }: Failed,
): readonly [begin: number, end: number] {
  const isKnown = ({ offset, timestampMs }: StampedRecord) => timestamps.get(offset) === timestampMs
  const begin = records.findIndex(isKnown)
  if (begin < 0) return [0, 0]
  const length = records.slice(begin).findIndex(record => !isKnown(record))
  return [begin, length < 0 ? records.length : begin + length]
}
