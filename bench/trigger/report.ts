import { aimed, type Figure } from '../kit/figures.ts'
import type { Latency } from './runs.ts'
import { bare, trigger } from './sides.ts'

/** Measurements of each round, by the name of the side. */
export type BySide<T> = ReadonlyMap<string, readonly T[]>

export interface Results {
  /** Records per second. */
  readonly rate?: BySide<number>
  /** Milliseconds. */
  readonly latency?: BySide<Latency>
  /** MiB at every 100,000 records. */
  readonly memory?: readonly number[]
}

const MEMORY_MIB = 50

/** The figures of all sides, and the ratio of the trigger to the bare consumer in each round. */
export function listFigures({ rate, latency, memory }: Results): Figure[] {
  return [
    ...(rate ? rateFigures(rate) : []),
    ...(latency ? latencyFigures(latency) : []),
    ...(memory ? memoryFigures(memory) : []),
  ]
}

function rateFigures(rate: BySide<number>): Figure[] {
  return [
    ...listSideFigures(rate, 'batch 100', '/s', 'lower'),
    aimed('trigger/rate against bare', '×', { atLeast: 0.6 }, ratios(rate)),
  ]
}

function latencyFigures(latency: BySide<Latency>): Figure[] {
  const p99 = column(latency, 'p99')
  return [
    ...listSideFigures(column(latency, 'p50'), 'p50, window 0', 'ms', 'higher'),
    ...listSideFigures(p99, 'p99, window 0', 'ms', 'higher'),
    aimed('trigger/p99 against bare', '×', { atMost: 1.5 }, ratios(p99)),
  ]
}

function memoryFigures(memory: readonly number[]): Figure[] {
  // The first records compile the code and fill buffers.
  const growth = (memory.at(-1) ?? Number.NaN) - (memory[2] ?? Number.NaN)
  return [
    { name: 'trigger/resident at the end', unit: 'MiB', rounds: memory.slice(-1), worse: 'higher' },
    aimed('trigger/resident, growth after 300,000', 'MiB', { atMost: MEMORY_MIB }, [growth]),
  ]
}

/** Only the trigger's own figures can become worse. A side without any round is left out. */
function listSideFigures(
  values: BySide<number>,
  what: string,
  unit: string,
  worse: 'lower' | 'higher',
): Figure[] {
  return [...values]
    .filter(([, rounds]) => rounds.length > 0)
    .map(([name, rounds]) => ({
      name: `trigger/${name}, ${what}`,
      unit,
      rounds,
      ...(name === trigger.name && { worse }),
    }))
}

function column(latency: BySide<Latency>, key: keyof Latency): BySide<number> {
  return new Map([...latency].map(([name, rounds]) => [name, rounds.map(round => round[key])]))
}

function ratios(values: BySide<number>): number[] {
  const theirs = values.get(bare.name) ?? []
  return (values.get(trigger.name) ?? []).map((value, round) => value / (theirs[round] as number))
}
