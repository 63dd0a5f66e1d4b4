/** How evenly a topic fills its partitions. Pure. */

export interface PartitionBalance {
  readonly partition: number
  readonly records: number
  /** Share of the topic's records, 0 to 1. */
  readonly share: number
  /** How many times the share that each partition would have if all were even. */
  readonly skew: number
  readonly isTooFull: boolean
}

export interface Balance {
  readonly records: number
  readonly partitions: readonly PartitionBalance[]
}

/** Skew from which a partition is too full: its function has half as much work again as the others. */
const TOO_FULL = 1.5
/** Chance alone makes partitions of few records uneven: the excess must be this many standard deviations. */
const BEYOND_CHANCE = 3

/** @param counts records of each partition, by partition */
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

/** The keys of some records of a partition. */
export interface KeySample {
  readonly partition: number
  readonly records: number
  readonly keys: number
  /** Most frequent key as text, with its number of records; null without keys. */
  readonly top: { readonly key: string; readonly records: number } | null
}

/** Counts the keys of records, as they come. */
export class KeyCounter {
  readonly #partitions = new Map<number, Map<string, number>>()

  /** @param key as text; a record without key has none */
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
