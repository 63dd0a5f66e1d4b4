import { aimed, type Figure } from '../kit/figures.ts'
import type { Latency } from './runs.ts'

export interface Results {
  /** Records per second, by round. */
  readonly rate?: { readonly bare: readonly number[]; readonly trigger: readonly number[] }
  /** Milliseconds, by round. */
  readonly latency?: { readonly bare: readonly Latency[]; readonly trigger: readonly Latency[] }
  /** MiB at every 100,000 records. */
  readonly memory?: readonly number[]
}

const MEMORY_MIB = 50

/** The figures of both sides, and the ratio of the trigger to the bare consumer in each round. */
export function figuresOf({ rate, latency, memory }: Results): Figure[] {
  const figures: Figure[] = []
  if (rate) {
    figures.push({ name: 'trigger/bare, batch 100', unit: '/s', rounds: rate.bare })
    figures.push({ name: 'trigger/trigger, batch 100', unit: '/s', rounds: rate.trigger, worse: 'lower' })
    figures.push(aimed('trigger/rate against bare', '×', { atLeast: 0.5 }, ratios(rate.trigger, rate.bare)))
  }
  if (latency) {
    const column = (side: readonly Latency[], key: keyof Latency) => side.map(round => round[key])
    for (const key of ['p50', 'p99'] as const) {
      const [bare, trigger] = [column(latency.bare, key), column(latency.trigger, key)]
      figures.push({ name: `trigger/bare, ${key}, window 0`, unit: 'ms', rounds: bare })
      figures.push({
        name: `trigger/trigger, ${key}, window 0`,
        unit: 'ms',
        rounds: trigger,
        worse: 'higher',
      })
      if (key === 'p99')
        figures.push(aimed('trigger/p99 against bare', '×', { atMost: 3 }, ratios(trigger, bare)))
    }
  }
  if (memory) {
    // The first records compile the code and fill buffers.
    const growth = (memory.at(-1) ?? Number.NaN) - (memory[2] ?? Number.NaN)
    figures.push({
      name: 'trigger/resident at the end',
      unit: 'MiB',
      rounds: memory.slice(-1),
      worse: 'higher',
    })
    figures.push(aimed('trigger/resident, growth after 300,000', 'MiB', { atMost: MEMORY_MIB }, [growth]))
  }
  return figures
}

function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, round) => value / (theirs[round] as number))
}
