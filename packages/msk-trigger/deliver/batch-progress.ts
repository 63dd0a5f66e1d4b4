import type { PartitionRecords, WithOffset } from '../support/partition-records.ts'

/** Record of a batch, together with the skipped records that follow it. */
interface Passed extends WithOffset {
  readonly lastOffset: number
}

/** Tracks which records of a batch are done, and up to which offset each partition can be committed. */
export class BatchProgress<R extends Passed = Passed> {
  readonly #partitions = new Map<number, { records: readonly R[]; done: Set<number>; prefix: number }>()

  constructor(batch: readonly PartitionRecords<R>[]) {
    for (const { partition, records } of batch) {
      this.#partitions.set(partition, { records, done: new Set(), prefix: 0 })
    }
  }

  /**
   * Marks records as done. Returns the offsets to commit: for each partition, the offset before which all records are done. See
   * rule 21 in `RULES.md`.
   */
  complete(parts: readonly PartitionRecords[]): { partition: number; offset: number }[] {
    const commits: { partition: number; offset: number }[] = []
    for (const { partition, records } of parts) {
      const own = this.#partitions.get(partition)
      if (!own) continue
      const before = own.prefix
      // Fast path for a whole partition at once.
      if (records === own.records) own.prefix = records.length
      else for (const { offset } of records) own.done.add(offset)
      while (own.done.has(own.records[own.prefix]?.offset ?? Number.NaN)) own.prefix += 1
      const last = own.records[own.prefix - 1]
      if (last && own.prefix > before) commits.push({ partition, offset: last.lastOffset + 1 })
    }
    return commits
  }

  /** Records that would be delivered again after a restart: records that are not done, and later records that are already done. */
  get uncommittedRecords(): readonly PartitionRecords<R>[] {
    return [...this.#partitions].flatMap(([partition, { records, prefix }]) =>
      prefix < records.length ? [{ partition, records: records.slice(prefix) }] : [],
    )
  }

  get openRecords(): readonly PartitionRecords<R>[] {
    return [...this.#partitions].flatMap(([partition, { records, done, prefix }]) => {
      // Fast path for an untouched partition.
      const open = prefix + done.size === 0 ? records : records.slice(prefix).filter(r => !done.has(r.offset))
      return open.length > 0 ? [{ partition, records: open }] : []
    })
  }

  isDone(partition: number): boolean {
    const own = this.#partitions.get(partition)
    return own === undefined || own.prefix === own.records.length
  }
}
