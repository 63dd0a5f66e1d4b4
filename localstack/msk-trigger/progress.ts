import type { Numbered, Part } from './parts.ts'

/** A record may stand for others behind it that nobody waits for: it is done with them. */
interface Passed extends Numbered {
  /** The last offset that is passed with this record. */
  readonly through: number
}

/** What of a batch is done, and how far each of its partitions can be committed. */
export class Progress {
  readonly #partitions = new Map<number, { records: readonly Passed[]; done: Set<number>; prefix: number }>()

  constructor(batch: readonly Part<Passed>[]) {
    for (const { partition, records } of batch) {
      this.#partitions.set(partition, { records, done: new Set(), prefix: 0 })
    }
  }

  /**
   * These are done. Returns the offsets that can be committed now and could not before: the last one done + 1, as long
   * as nothing before it is open. Rule 21.
   */
  settle(parts: readonly Part[]): { partition: number; offset: number }[] {
    const commits: { partition: number; offset: number }[] = []
    for (const { partition, records } of parts) {
      const own = this.#partitions.get(partition)
      if (!own) continue
      const before = own.prefix
      // Nearly always all of it is done at once.
      if (records === own.records) own.prefix = records.length
      else for (const { offset } of records) own.done.add(offset)
      while (own.done.has(own.records[own.prefix]?.offset ?? Number.NaN)) own.prefix += 1
      const last = own.records[own.prefix - 1]
      if (last && own.prefix > before) commits.push({ partition, offset: last.through + 1 })
    }
    return commits
  }

  isDone(partition: number): boolean {
    const own = this.#partitions.get(partition)
    return own === undefined || own.prefix === own.records.length
  }
}
