/** Time line of a state: bands, in each of which it had one value. Pure. */
import type { StateSpan } from '../../../lib/analytics/state-times.ts'
import { computeUnknownMs, HOUR_MS } from '../../../lib/support/duration.ts'

export interface StateBand {
  readonly fromMs: number
  readonly toMs: number
  readonly value: string
}

/**
 * Returns the bands of a period. Time that no band contains is unknown. The order of values within a minute is not known: they have
 * their shares of it, after the value before it, and before the value at its end.
 *
 * @param spans in order of time
 */
export function toBands(spans: readonly StateSpan[], fromMs: number, toMs: number): StateBand[] {
  const bands: StateBand[] = []
  for (const span of spans) {
    const before = bands.at(-1)
    // Any client can write spans that overlap.
    const leastMs = Math.max(fromMs, before?.toMs ?? fromMs)
    let atMs = span.fromMs
    for (const [value, ms] of orderValues(span, before?.toMs === span.fromMs ? before.value : null)) {
      const startMs = Math.max(leastMs, atMs)
      atMs += ms
      const band = { fromMs: startMs, toMs: Math.min(atMs, span.toMs, toMs), value }
      if (value !== null && band.toMs > startMs) addBand(bands, { ...band, value })
    }
  }
  return bands
}

/** Returns the time in each value of a span in the order in which it is drawn; null is unknown. */
function orderValues(span: StateSpan, first: string | null) {
  const { ms, value: last } = span
  const rank = (value: string | null) => {
    if (value === last) return 2
    return value === first ? 0 : 1
  }
  const all: (readonly [value: string | null, ms: number])[] = [
    [null, computeUnknownMs(span)],
    ...Object.entries(ms),
  ]
  return all.sort(([a], [b]) => rank(a) - rank(b))
}

function addBand(bands: StateBand[], band: StateBand): void {
  const last = bands.at(-1)
  const continues = last?.value === band.value && last.toMs === band.fromMs
  bands.splice(continues ? -1 : bands.length, 1, continues ? { ...band, fromMs: last.fromMs } : band)
}

/** Returns the times of hours. Thirty days of minutes would be more bands than a chart has pixels. No span goes beyond an hour. */
export function sumHours(spans: readonly StateSpan[]): StateSpan[] {
  const hours = Map.groupBy(spans, ({ fromMs }) => Math.floor(fromMs / HOUR_MS))
  return [...hours.values()].map(own => {
    const [first, last] = [own[0], own.at(-1)] as [StateSpan, StateSpan]
    const sums = new Map<string, number>()
    for (const [value, ms] of own.flatMap(span => Object.entries(span.ms)))
      sums.set(value, (sums.get(value) ?? 0) + ms)
    return { ...last, fromMs: first.fromMs, ms: Object.fromEntries(sums) }
  })
}
