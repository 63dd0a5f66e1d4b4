/** Judges the distribution of records over the partitions of a topic. Pure. */
import { computeSum } from './count.ts'

export interface Balance {
  /** Share of the topic's records in each partition, 0 to 1; null for a partition whose number is unknown. */
  readonly shares: readonly (number | null)[]
  /** Records of the fullest partition, divided by the average of all partitions. */
  readonly skew: number
  readonly verdict: 'empty' | 'even' | 'uneven' | 'skewed'
}

/** Skews from which a topic is uneven and skewed. At 2, half of the topic's capacity is used when its fullest partition is full. */
const UNEVEN = 1.5
const SKEWED = 2
/** Excess of the fullest partition, in standard deviations, up to which chance explains it. */
const CHANCE = 3

/**
 * Returns the distribution of records. Few records are spread unevenly by chance, which does not count.
 *
 * @param counts number of records, by partition; null if unknown
 */
export function judgeBalance(counts: readonly (number | null)[]): Balance {
  const known = counts.filter(count => count !== null)
  const records = computeSum(known)
  if (records === 0) return { shares: counts.map(count => count && 0), skew: 0, verdict: 'empty' }
  const average = records / known.length
  const fullest = Math.max(...known)
  const skew = fullest / average
  const isChance = fullest - average <= CHANCE * Math.sqrt(Math.max(1, average))
  return {
    shares: counts.map(count => count && count / records),
    skew,
    verdict: isChance || skew < UNEVEN ? 'even' : skew < SKEWED ? 'uneven' : 'skewed',
  }
}

/** Formats the verdict, such as `uneven, skew 1.62`. */
export function formatBalance({ verdict, skew }: Pick<Balance, 'verdict' | 'skew'>): string {
  if (verdict === 'empty') return verdict
  return `${verdict}, skew ${skew.toFixed(2)}${verdict === 'even' && skew >= UNEVEN ? ' (few records)' : ''}`
}

/** Formats a share, such as `8.3 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
