/** Distribution of records over the partitions of a topic. Pure. */

export interface PartitionBalance {
  readonly partition: number
  readonly records: number
  /** Share of the topic's records, 0 to 1. */
  readonly share: number
  /** Ratio to the share of each partition in an even distribution. */
  readonly skew: number
  readonly isTooFull: boolean
}

export interface Balance {
  readonly records: number
  readonly partitions: readonly PartitionBalance[]
}

/** Skew above which a partition is overloaded: its function has 50 % more work than the others. */
const TOO_FULL = 1.5
/** Number of standard deviations by which the excess must exceed chance. With few records, chance alone makes partitions uneven. */
const BEYOND_CHANCE = 3

/** @param counts number of records, by partition */
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
  /** Most frequent key as text, with its number of records; null if no record has a key. */
  readonly top: { readonly key: string; readonly records: number } | null
}

/** Counts the keys of records. */
export class KeyCounter {
  readonly #partitions = new Map<number, Map<string, number>>()

  /** @param key key as text; records without a key are not counted */
  add(partition: number, key: string): void {
    const keys = this.#partitions.get(partition) ?? new Map<string, number>()
    keys.set(key, (keys.get(key) ?? 0) + 1)
    this.#partitions.set(partition, keys)
  }

  /** @param partitions number of partitions of the topic */
  samples(partitions: number): KeySample[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const keys = [...(this.#partitions.get(partition) ?? [])]
      const [top] = keys.toSorted((a, b) => b[1] - a[1])
      const records = keys.reduce((sum, [, count]) => sum + count, 0)
      return { partition, records, keys: keys.length, top: top ? { key: top[0], records: top[1] } : null }
    })
  }
}
