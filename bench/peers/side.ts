import { setTimeout as pause } from 'node:timers/promises'
import type { MetricStatistics } from '../../lib/analytics/metric-statistics.ts'
import type { EntityStatistics } from '../../lib/analytics/processor.ts'
import type { Statistics } from '../../lib/analytics/statistics.ts'
import type { Note } from './noting.ts'
import type { Expected, Total } from './readings.ts'

/** A system that is running, and applies the readings of one environment. */
export interface Side {
  /** Returns the records that it has applied so far. */
  notes(): Promise<readonly Note[]>
  /** Returns the stored states, by sensor. */
  states(): Promise<ReadonlyMap<string, SensorState>>
  /**
   * Returns the processor time of its processes, its store's included, in milliseconds; undefined if the system does not report it.
   */
  processorMs(): Promise<number | undefined>
  /** Returns the memory that its processes and its store hold. */
  memoryBytes(): Promise<number>
  /** Undefined while it runs, or else why it has ended. */
  failed(): string | undefined
  /** Ends its processes with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again after a kill. */
  resume(): Promise<void>
  stop(): Promise<void>
}

export interface SensorState {
  /** Statistics since the first reading. */
  readonly metrics: MetricStatistics
  /** Statistics of minutes by their start, in minutes since the epoch. The last one is open. */
  readonly minutes: Readonly<Record<string, { readonly metrics: MetricStatistics }>>
}

export function toSensorState({ metrics, minutes }: EntityStatistics): SensorState {
  return {
    metrics,
    minutes: Object.fromEntries((minutes ?? []).map(([start, own]) => [start, { metrics: own }])),
  }
}

const LOOK_EVERY_MS = 100
/** Time in which a side stores what it has noted. */
const STORED_WITHIN_MS = 30_000

interface Limit {
  readonly withinMs: number
  readonly signal: AbortSignal
}

/** Waits until this many records were noted. @throws Error if that takes longer, or the side ends */
export async function untilNoted(side: Side, count: number, limit: Limit): Promise<readonly Note[]> {
  let notes: readonly Note[] = []
  await untilApplied(side, count, limit, async () => {
    notes = await side.notes()
    return countApplied(notes)
  })
  // The side adds further notes to its own list.
  return [...notes]
}

/** Waits until this many records are part of the stored states. @throws Error if that takes longer, or the side ends */
export function untilStored(side: Side, count: number, limit: Limit): Promise<void> {
  return untilApplied(side, count, limit, async () => {
    // A store that is part of the side cannot be read while it starts.
    const states = await side.states().catch(() => new Map<string, SensorState>())
    return [...states.values()].reduce((sum, { metrics }) => sum + (metrics.temperature?.count ?? 0), 0)
  })
}

async function untilApplied(
  side: Side,
  count: number,
  { withinMs, signal }: Limit,
  countNow: () => Promise<number>,
): Promise<void> {
  const endAtMs = Date.now() + withinMs
  for (;;) {
    const seen = await countNow()
    if (seen >= count) return
    const failure = side.failed()
    if (failure !== undefined) throw new Error(`it ended after ${seen} of ${count} records:\n${failure}`)
    if (Date.now() > endAtMs)
      throw new Error(`only ${seen} of ${count} records were applied within ${withinMs} ms`)
    await pause(LOOK_EVERY_MS, undefined, { signal })
  }
}

export function countApplied(notes: readonly Note[]): number {
  return notes.reduce((sum, { count }) => sum + count, 0)
}

/**
 * Waits until a side has stored exactly what was sent: all statistics of every sensor and of its minutes.
 *
 * @throws Error that names the first differences
 */
export async function verify(
  side: Side,
  expected: ReadonlyMap<string, Expected>,
  signal: AbortSignal,
): Promise<void> {
  if (expected.size === 0) throw new Error('nothing was sent, so nothing can be compared')
  const endAtMs = Date.now() + STORED_WITHIN_MS
  for (;;) {
    const differences = listDifferences(await side.states(), expected)
    if (differences.length === 0) return
    if (Date.now() > endAtMs)
      throw new Error(
        `${differences.length} statistics differ from the reference:\n${differences.slice(0, 5).join('\n')}`,
      )
    await pause(LOOK_EVERY_MS, undefined, { signal })
  }
}

/** One line for each difference. */
function listDifferences(
  found: ReadonlyMap<string, SensorState>,
  expected: ReadonlyMap<string, Expected>,
): string[] {
  const names = new Set([...found.keys(), ...expected.keys()])
  return [...names].flatMap(name => {
    const [state, wanted] = [found.get(name), expected.get(name)]
    const open = Math.max(...Object.keys(state?.minutes ?? {}).map(Number))
    if (!state || !wanted || open !== Math.max(...wanted.minutes.keys()))
      return [`${name}: its open minute is ${open}`]
    return [
      ...compare(name, state.metrics.temperature, wanted.all),
      ...Object.entries(state.minutes).flatMap(([start, { metrics }]) =>
        compare(`${name} in minute ${start}`, metrics.temperature, wanted.minutes.get(Number(start))),
      ),
    ]
  })
}

function compare(name: string, found: Statistics | undefined, wanted: Total | undefined): string[] {
  if (found && wanted) {
    const { count, sum, squares, ...rest } = wanted
    // Mean and squared distances are kept, not sums, so their last digits are rounded.
    const isSame =
      'mean' in found &&
      found.count === count &&
      isClose(found.mean * count, sum) &&
      isClose(found.m2 + sum ** 2 / count, squares) &&
      Object.entries(rest).every(([key, value]) => found[key as keyof typeof rest] === value)
    if (isSame) return []
  }
  return [`${name}: ${JSON.stringify(found)}; expected ${JSON.stringify(wanted)}`]
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.abs(b)
}
