/** Formats the balance of a topic as bars. Pure. */

import { count } from '../../lib/count.ts'
import type { Balance, KeySample, PartitionBalance } from '../../lib/queries/balance.ts'
import { harmless, shortened } from '../text-width.ts'

/** JSON document that `topics balance --json` prints. */
export interface BalanceReport extends Balance {
  readonly topic: string
  /** Keys in the newest records of each partition; null if they were not requested. */
  readonly sample: readonly KeySample[] | null
}

const BAR = 30
/** Number of terminal columns for the numbers. The bars use the other columns. */
const NUMBERS = 38

export function balanceText(report: BalanceReport, columns?: number): string {
  const { topic, records, partitions, sample } = report
  const heading = `Topic: ${harmless(topic)}, ${count(records, 'record')} in ${count(partitions.length, 'partition')}`
  if (records === 0) return `${heading}\n`
  const width = Math.max(5, Math.min(BAR, (columns ?? BAR + NUMBERS) - NUMBERS))
  const fullest = Math.max(...partitions.map(({ share }) => share))
  const bars = partitions.map(partition => barLine(partition, fullest, width))
  return `${[heading, ...bars, verdict(partitions), ...(sample ? ['', ...sampleLines(sample)] : [])]
    .map(line => shortened(line, columns))
    .join('\n')}\n`
}

/** Returns a line such as `Partition  3 ██████████████░░░░░░  12.5%  skew 1.50  3400`. */
function barLine({ partition, records, share, skew }: PartitionBalance, fullest: number, width: number) {
  const filled = Math.round((share / fullest) * width)
  const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
  const percent = `${(share * 100).toFixed(1)}%`.padStart(6)
  return `Partition ${String(partition).padStart(2)} ${bar} ${percent}  skew ${skew.toFixed(2)}  ${records}`
}

function verdict(partitions: readonly PartitionBalance[]): string {
  const full = partitions.filter(({ isTooFull }) => isTooFull)
  if (full.length === 0) return 'No partition is overloaded.'
  const names = full.map(({ partition, skew }) => `${partition} (${skew.toFixed(1)} times an even share)`)
  return `Too full: ${full.length === 1 ? 'partition' : 'partitions'} ${names.join(', ')}`
}

function sampleLines(sample: readonly KeySample[]): string[] {
  const lines = sample
    .filter(({ records }) => records > 0)
    .map(({ partition, records, keys, top }) => {
      const most = top
        ? `, the most frequent ${harmless(top.key)} with ${((top.records / records) * 100).toFixed(1)}%`
        : ''
      return `Partition ${String(partition).padStart(2)} ${keys} ${keys === 1 ? 'key' : 'keys'}${most}`
    })
  const total = sample.reduce((sum, { records }) => sum + records, 0)
  return [`Keys of the newest ${count(total, 'record')}:`, ...lines]
}
