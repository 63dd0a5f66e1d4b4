/** Derives rates, and charts of the last minutes, from answers that were read at different times. Pure. */
import type { Overview } from '../../api/overview/overview.ts'
import type { Columns } from '../charts/chart-series.ts'

/** Figures at one time, without those that were not of that time. */
export interface Snapshot {
  readonly atMs: number
  readonly counters: Readonly<Record<string, number | null>>
  readonly firing: Overview['firing']['value']
}

/**
 * Time over which rates are averaged, in milliseconds. Consumers commit once per batch, so a shorter time would show a constant
 * load as spikes.
 */
const OVER_MS = 15_000
/** Time for which snapshots are kept for the charts, in milliseconds. */
const KEPT_MS = 900_000

/**
 * Returns the snapshots of the last minutes, with a new one. Its time is that of its counters: an answer that reuses them replaces the
 * snapshot before it, so that it does not look as if nothing had grown.
 */
export function addSnapshot(
  snapshots: readonly Snapshot[],
  { atMs: answeredMs, counters, firing }: Pick<Overview, 'atMs' | 'counters' | 'firing'>,
): readonly Snapshot[] {
  const isNow = counters.state === 'now'
  const atMs = isNow ? (counters.asOfMs ?? answeredMs) : answeredMs
  const kept = snapshots.filter(before => before.atMs < atMs && atMs - before.atMs <= KEPT_MS)
  const ofNow = {
    counters: isNow ? (counters.value ?? {}) : {},
    firing: firing.state === 'now' ? firing.value : null,
  }
  return [...kept, { atMs, ...ofNow }]
}

/** Returns the growth of a counter per second; null for one that is unknown, new or reset. */
export function computeRate(snapshots: readonly Snapshot[], name: string): number | null {
  const sinceMs = (snapshots.at(-1)?.atMs ?? 0) - OVER_MS
  const points = snapshots.flatMap(({ atMs, counters }) => {
    const count = counters[name] ?? null
    return count === null || atMs < sinceMs ? [] : [{ atMs, count }]
  })
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.atMs === first.atMs || first.count > last.count) return null
  return ((last.count - first.count) * 1_000) / (last.atMs - first.atMs)
}

/** Returns a chart with the value at the time of each snapshot. */
export function toColumns(
  snapshots: readonly Snapshot[],
  getValue: (until: readonly Snapshot[]) => number | null,
): Columns {
  return {
    times: snapshots.map(({ atMs }) => atMs / 1_000),
    lists: [snapshots.map((_, index) => getValue(snapshots.slice(0, index + 1)))],
  }
}
