/** The recent past of the figures as the page keeps it: what the server has kept before, and what came since. Pure. */
import type { History, Overview } from '../../api/overview/shapes.ts'

/** Five minutes of looks, at one every two seconds. */
const MOST_SAMPLES = 150
/** Looks further apart than this had none between them: a gap, not a line. */
const GAP_MS = 15_000

export const NO_PAST: History = { atMs: [], values: {} }

/** With one more look; one that is known, or older than the last, changes nothing. */
export function withLook(past: History, { atMs, values }: Pick<Overview, 'atMs' | 'values'>): History {
  const last = past.atMs.at(-1)
  if (last !== undefined && atMs <= last) return past
  if (last !== undefined && atMs - last > GAP_MS)
    return withLook(appended(past, { atMs: atMs - 1, values: {} }), { atMs, values })
  return appended(past, { atMs, values })
}

/** What the server has kept, and then the looks that the page has seen since. */
export function joined(before: History, since: History): History {
  const [first = Number.POSITIVE_INFINITY] = since.atMs
  const kept = before.atMs.findLastIndex(atMs => atMs < first) + 1
  const names = new Set([...Object.keys(before.values), ...Object.keys(since.values)])
  const column = (name: string) => [...pastOf(before, name).slice(0, kept), ...pastOf(since, name)]
  return bounded({
    atMs: [...before.atMs.slice(0, kept), ...since.atMs],
    values: Object.fromEntries([...names].map(name => [name, column(name)])),
  })
}

/** The values of one name, the oldest first. */
export function pastOf({ atMs, values }: History, name: string): readonly (number | null)[] {
  return values[name] ?? atMs.map(() => null)
}

function appended(past: History, { atMs, values }: Pick<Overview, 'atMs' | 'values'>): History {
  const names = new Set([...Object.keys(past.values), ...Object.keys(values)])
  return bounded({
    atMs: [...past.atMs, atMs],
    values: Object.fromEntries([...names].map(name => [name, [...pastOf(past, name), values[name] ?? null]])),
  })
}

function bounded({ atMs, values }: History): History {
  if (atMs.length <= MOST_SAMPLES) return { atMs, values }
  return {
    atMs: atMs.slice(-MOST_SAMPLES),
    values: Object.fromEntries(
      Object.entries(values).map(([name, column]) => [name, column.slice(-MOST_SAMPLES)]),
    ),
  }
}
