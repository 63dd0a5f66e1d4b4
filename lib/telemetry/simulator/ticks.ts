import type { GeneratorSettings } from './settings.ts'

/** The ticks from `from` up to, but not including, `until`. */
interface TicksDue {
  readonly from: number
  readonly until: number
  /** How many due ticks are left out because they are too old to catch up with. */
  readonly skipped: number
}

const FIRST_SECONDS = 60
const CATCH_UP_SECONDS = 600

/**
 * The ticks due since the last run. The first run takes the last minute, so that there are readings at once. Later runs
 * take at most the last ten minutes, so that a long pause does not cause a burst.
 *
 * @param lastTick the last tick that was published; undefined for the first run
 * @param nowMs milliseconds since the epoch
 */
export function ticksDue(
  lastTick: number | undefined,
  nowMs: number,
  { tickSeconds }: Pick<GeneratorSettings, 'tickSeconds'>,
): TicksDue {
  const until = Math.floor(nowMs / Math.round(tickSeconds * 1000)) + 1
  const catchUp = ticksIn(CATCH_UP_SECONDS, tickSeconds)
  // Too far ahead for a clock that was set back: the last tick was counted with another tick length, so ignore it.
  if (lastTick === undefined || lastTick > until + catchUp) {
    return { from: until - ticksIn(FIRST_SECONDS, tickSeconds), until, skipped: 0 }
  }
  const next = lastTick + 1
  // The clock was set back a little: nothing is due until it has caught up.
  if (next > until) return { from: next, until: next, skipped: 0 }
  const from = Math.max(next, until - catchUp)
  return { from, until, skipped: from - next }
}

function ticksIn(seconds: number, tickSeconds: number): number {
  return Math.max(1, Math.floor(seconds / tickSeconds))
}

/** Bounds the memory of a run, and what a failed one repeats. */
const SLICE_READINGS = 5_000

/** Cuts due ticks into slices of some thousand readings. Without due ticks, there are none. */
export function* slicesOf(
  { from, until }: Pick<TicksDue, 'from' | 'until'>,
  sensors: number,
): Generator<Pick<TicksDue, 'from' | 'until'>> {
  const ticks = Math.max(1, Math.floor(SLICE_READINGS / sensors))
  for (let start = from; start < until; start += ticks)
    yield { from: start, until: Math.min(until, start + ticks) }
}
