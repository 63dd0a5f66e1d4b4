/** Derives rates from counters that were read at different times. Pure. */
import type { Overview } from '../../api/overview/overview.ts'

type Snapshot = Pick<Overview, 'atMs' | 'counters'>

/**
 * Time over which rates are averaged, in milliseconds. Consumers commit once per batch, so a shorter time would show a constant
 * load as spikes.
 */
const OVER_MS = 12_000

/** Returns the snapshots from which rates are derived, with a new one. */
export function addSnapshot<One extends Snapshot>(snapshots: readonly One[], now: One): readonly One[] {
  return [...snapshots.filter(({ atMs }) => atMs < now.atMs && now.atMs - atMs <= OVER_MS), now]
}

/** Returns the growth of a counter per second; null for one that is unknown, new or reset. */
export function computeRate(snapshots: readonly Snapshot[], name: string): number | null {
  const points = snapshots.flatMap(({ atMs, counters }) => {
    const count = counters[name] ?? null
    return count === null ? [] : [{ atMs, count }]
  })
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last || last.atMs === first.atMs || first.count > last.count) return null
  return ((last.count - first.count) * 1_000) / (last.atMs - first.atMs)
}
