import type { PartitionRecords, WithOffset } from '../support/parts.ts'
import type { LastResponse } from './invocation-record.ts'

/** How often records that are delivered together were tried. */
export interface Tried {
  /** Failed attempts in a row, which determine the backoff. */
  readonly tries: number
  /** Failed attempts, as counted against the retries. */
  readonly failures: number
  readonly invocations: number
  /** The last one; absent if they were never sent. */
  readonly response?: LastResponse
}

interface StampedRecord extends WithOffset {
  /** Milliseconds since 1970. Where the topic was created again, another record has the offset. */
  readonly timestampMs: number
}

interface Failed {
  readonly tried: Tried
  readonly timestamps: ReadonlyMap<number, number>
}

const NEVER: Tried = { tries: 0, failures: 0, invocations: 0 }

/** Failed batches with their attempts. A rebalance does not reset them: the records would otherwise be tried ten times more, or forever. */
export class FailedBatches {
  readonly #byPartition = new Map<number, Failed>()

  /** These records are redelivered together. */
  failed(parts: readonly PartitionRecords<StampedRecord>[], tried: Tried): void {
    for (const { partition, records } of parts) {
      const timestamps = new Map(records.map(({ offset, timestampMs }) => [offset, timestampMs]))
      this.#byPartition.set(partition, { tried, timestamps })
    }
  }

  /** Divides a batch into what failed together and the rest, in the order of each partition. Partitions without failures come first. */
  unitsOf<R extends StampedRecord>(
    parts: readonly PartitionRecords<R>[],
  ): (Tried & { readonly parts: PartitionRecords<R>[] })[] {
    const before: PartitionRecords<R>[] = []
    const known = new Map<Tried, PartitionRecords<R>[]>()
    const after: PartitionRecords<R>[] = []
    const add = (to: PartitionRecords<R>[], partition: number, records: readonly R[]) => {
      if (records.length > 0) to.push({ partition, records })
    }
    for (const { partition, records } of parts) {
      const failed = this.#byPartition.get(partition)
      const [begin, end] = failed ? rangeOf(records, failed) : [0, 0]
      if (!failed || begin === end) {
        add(before, partition, records)
        continue
      }
      add(before, partition, records.slice(0, begin))
      const together = known.get(failed.tried) ?? []
      known.set(failed.tried, together)
      add(together, partition, begin === 0 && end === records.length ? records : records.slice(begin, end))
      add(after, partition, records.slice(end))
    }
    return [
      { parts: before, ...NEVER },
      ...[...known].map(([tried, together]) => ({ parts: together, ...tried })),
      { parts: after, ...NEVER },
    ].filter(unit => unit.parts.length > 0)
  }

  /** Removes parts that were delivered or discarded. */
  done(parts: readonly PartitionRecords[]): void {
    if (this.#byPartition.size === 0) return
    for (const { partition, records } of parts) {
      const [first = Number.POSITIVE_INFINITY] = this.#byPartition.get(partition)?.timestamps.keys() ?? []
      if (records.some(({ offset }) => offset >= first)) this.#byPartition.delete(partition)
    }
  }
}

/** Where the records that failed begin and end: those that follow one another. */
function rangeOf(
  records: readonly StampedRecord[],
  { timestamps }: Failed,
): readonly [begin: number, end: number] {
  const isKnown = ({ offset, timestampMs }: StampedRecord) => timestamps.get(offset) === timestampMs
  const begin = records.findIndex(isKnown)
  if (begin < 0) return [0, 0]
  const length = records.slice(begin).findIndex(record => !isKnown(record))
  return [begin, length < 0 ? records.length : begin + length]
}
