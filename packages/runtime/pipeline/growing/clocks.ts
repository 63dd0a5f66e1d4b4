/** Times on the clock of one partition, told on the clock of another. Each partition has counted from its own beginning. Pure. */
import { LONGEST_STEP_MS } from '../log/clock.ts'
import type { LogClock } from '../model.ts'

/**
 * What must be added to a time on the clock of one partition, so that another partition's clock reaches it at the same moment.
 * One of the logs may have come further: the time between their last records counts as a clock counts it, and no more, so that
 * nothing is reached early.
 */
export function shiftMs(from: LogClock, to: LogClock): number {
  return to.nowMs - from.nowMs - passedMs(from, to)
}

/** Milliseconds from the last record of one log to that of another. */
function passedMs({ lastAppendMs: before }: LogClock, { lastAppendMs: after }: LogClock): number {
  if (before === undefined || after === undefined) return 0
  return Math.max(-LONGEST_STEP_MS, Math.min(after - before, LONGEST_STEP_MS))
}

/** The clock of a partition without records: it continues that of the partition whose log has come furthest. */
export function continuedClock(clocks: readonly LogClock[]): LogClock {
  const [latest] = clocks.toSorted((a, b) => (b.lastAppendMs ?? -1) - (a.lastAppendMs ?? -1))
  return {
    // As high as any: then no time that moves here is before the beginning of the clock.
    nowMs: Math.max(0, ...clocks.map(({ nowMs }) => nowMs)),
    lastAppendMs: latest?.lastAppendMs,
    highestAppendMs: undefined,
  }
}
