import type { Latency } from './runs.ts'
import { median } from '../kit/statistics.ts'

export interface Results {
  /** Records a second, by round. */
  readonly rate?: { readonly bare: readonly number[]; readonly trigger: readonly number[] }
  /** Milliseconds, by round. */
  readonly latency?: { readonly bare: readonly Latency[]; readonly trigger: readonly Latency[] }
  /** MiB at every 100,000 records. */
  readonly memory?: readonly number[]
}

/** A table for a person, with the goals. */
export function table({ rate, latency, memory }: Results): string {
  const lines = [row('', 'bare', 'trigger', 'ratio', 'goal')]
  if (rate) lines.push(compare('records/s, batch 100', rate.bare, rate.trigger, 'at least 0.5'))
  if (latency) {
    const column = (key: keyof Latency) =>
      [latency.bare.map(one => one[key]), latency.trigger.map(one => one[key])] as const
    lines.push(compare('p50 in ms, window 0', ...column('p50'), ''))
    lines.push(compare('p99 in ms, window 0', ...column('p99'), 'at most 3'))
  }
  if (memory) {
    lines.push('', 'trigger, resident MiB at every 100,000 records:', `  ${memory.join(' ')}`)
    const [first = 0] = memory.slice(2)
    lines.push(`  from 300,000 to the end: ${signed((memory.at(-1) ?? 0) - first)} MiB, goal: flat`)
  }
  return lines.join('\n')
}

function compare(what: string, bare: readonly number[], trigger: readonly number[], goal: string): string {
  const [ours, theirs] = [median(trigger), median(bare)]
  return row(what, number(theirs), number(ours), (ours / theirs).toFixed(2), goal)
}

function row(what: string, ...cells: readonly string[]): string {
  return what.padEnd(24) + cells.map(cell => cell.padStart(14)).join('')
}

function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : `${value}`
}
