/** Computes the distribution of records over the partitions of a topic. Pure. */

interface PartitionBalance {
  readonly partition: number
  readonly records: number
  /** Share of the topic's records that are in this partition, from 0 to 1. */
  readonly share: number
  /** Ratio of the partition's record count to the average record count per partition. */
  readonly skew: number
  readonly isTooFull: boolean
}

export interface Balance {
  readonly records: number
  readonly partitions: readonly PartitionBalance[]
}

/** Skew from which a partition is considered overloaded. Its function has at least 50 % more work than the average. */
const TOO_FULL = 1.5
/** Minimum excess in standard deviations for an overloaded partition. With few records, chance alone makes partitions uneven. */
const BEYOND_CHANCE = 3

/**
 * Returns the distribution of records over partitions.
 *
 * @param counts number of records, by partition
 */
export function balanceOf(counts: readonly number[]): Balance {
  const records = counts.reduce((sum, count) => sum + count, 0)
  const even = records / Math.max(1, counts.length)
  const partitions = counts.map((count, partition) => {
    const skew = even === 0 ? 0 : count / even
    const isTooFull = skew >= TOO_FULL && count - even > BEYOND_CHANCE * Math.sqrt(even)
    return { partition, records: count, share: records === 0 ? 0 : count / records, skew, isTooFull }
  })
  return { records, partitions }
}

/** Keys in a sample of a partition's records. */
export interface KeySample {
  readonly partition: number
  readonly records: number
  readonly keys: number
  /** Most frequent key as text, with the number of its records; null if all records lack a key. */
  readonly top: { readonly key: string; readonly records: number } | null
}

/** Counts how often each key occurs in each partition. */
export class KeyCounter {
  readonly #partitions = new Map<number, Map<string, number>>()

  /**
   * Counts one record. Records without a key must not be added.
   *
   * @param key record key as text
   */
  add(partition: number, key: string): void {
    const keys = this.#partitions.get(partition) ?? new Map<string, number>()
    keys.set(key, (keys.get(key) ?? 0) + 1)
    this.#partitions.set(partition, keys)
  }

  /**
   * Returns the counts of each partition.
   *
   * @param partitions partition count of the topic
   */
  samples(partitions: number): KeySample[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const keys = [...(this.#partitions.get(partition) ?? [])]
      const [top] = keys.toSorted((a, b) => b[1] - a[1])
      const records = keys.reduce((sum, [, count]) => sum + count, 0)
      return { partition, records, keys: keys.length, top: top ? { key: top[0], records: top[1] } : null }
    })
  }
}
