/**
 * Windows of event time: which ones a row belongs to, when they end, and which rows are late. One rule decides that everywhere: a
 * row is late for a window if its own entity has already reported a time at which the window and its grace are over. The limits are
 * those of Kafka Streams. The end of a time window is exclusive (`windowEnd > windowCloseTime` in `KStreamWindowAggregate`), but a row
 * that comes exactly the gap after the last one still joins its session, so the end of the gap, and of the grace behind it, is
 * inclusive (`mergedWindow.end() < windowCloseTime` is late in `KStreamSessionWindowAggregate`). Times are in milliseconds. Pure.
 */
import { CONSUMER_DEFAULTS } from '#runtime/pipeline'
import { durationText } from '../support/duration.ts'

export type WindowPlan = {
  /** Time for which late rows are still accepted after the end of a window. */
  readonly graceMs: number
  /** Time for which a window can be read after it has ended. At least the grace. */
  readonly retentionMs: number
} & (
  | { readonly kind: 'tumbling'; readonly sizeMs: number }
  | { readonly kind: 'hopping'; readonly sizeMs: number; readonly advanceMs: number }
  /** Windows that end when a group has had no row for `gapMs`. */
  | { readonly kind: 'session'; readonly gapMs: number }
)

/** Returns a text such as `hopping 5 min, advance 1 min`. */
export function formatWindow(window: WindowPlan): string {
  if (window.kind === 'session') return `session, gap ${durationText(window.gapMs)}`
  const advance = window.kind === 'tumbling' ? '' : `, advance ${durationText(window.advanceMs)}`
  return `${window.kind} ${durationText(window.sizeMs)}${advance}`
}

/**
 * Window as it is stored: its start, the states of its aggregates, the time of the last row of a session, the number of times that
 * its final row has changed, and the newest time of its rows since the start, which sessions, minutes and older states lack. Starts are
 * counted in steps of the windows, for short numbers; those of sessions, in milliseconds.
 */
export type StoredWindow<Aggregates = readonly unknown[]> = readonly [
  start: number,
  aggregates: Aggregates,
  lastMs?: number,
  revision?: number,
  newestMs?: number,
]

export interface WindowBounds {
  readonly startMs: number
  readonly endMs: number
}

/** Times of the windows of a plan. */
export interface Windowing {
  /** Starts of the windows that contain a time, in ascending order. For sessions, the time itself. */
  startsAt(timeMs: number): readonly number[]
  getBounds(window: StoredWindow<unknown>): WindowBounds
  /** Returns the time of the newest row; undefined if the state does not have it. */
  newestMs(window: StoredWindow<unknown>): number | undefined
  /**
   * Time from which the row of a window is final, by the clock of the group, and from which a row is too late for it, by the clock of
   * the row's entity. Infinity if there is no such time.
   */
  closesMs(window: StoredWindow<unknown>): number
  /** Time from which a window cannot be read any more, by the clock of the group. */
  leavesMs(window: StoredWindow<unknown>): number
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * Returns the time for which a window is kept after its end: its retention, but at least until no row of another entity can close it
 * too early. A group's clock is that of its most advanced entity, which may be ahead of the others by the tolerance.
 */
export function computeRetentionMs(
  { graceMs, retentionMs }: Pick<WindowPlan, 'graceMs' | 'retentionMs'>,
  futureToleranceMs = CONSUMER_DEFAULTS.futureToleranceMs,
): number {
  return Math.max(retentionMs, graceMs + futureToleranceMs)
}

/**
 * Returns the windows of a plan; for a table without windows, one that starts at 0 and never ends.
 *
 * @param futureToleranceMs maximum time by which an accepted event is ahead of its record
 */
export function createWindowing(plan: WindowPlan | undefined, futureToleranceMs?: number): Windowing {
  if (!plan)
    return {
      startsAt: () => [0],
      getBounds: () => ({ startMs: 0, endMs: NEVER }),
      newestMs: window => window[4],
      closesMs: () => NEVER,
      leavesMs: () => NEVER,
    }
  const { graceMs } = plan
  const leftAfterMs = computeRetentionMs(plan, futureToleranceMs)
  if (plan.kind === 'session') {
    /** Returns the first millisecond after the gap. */
    const computeEndMs = (window: StoredWindow<unknown>) => getLastMs(window) + plan.gapMs + 1
    return {
      startsAt: timeMs => [timeMs],
      getBounds: window => ({ startMs: window[0], endMs: getLastMs(window) }),
      newestMs: getLastMs,
      closesMs: window => computeEndMs(window) + graceMs,
      leavesMs: window => computeEndMs(window) + leftAfterMs,
    }
  }
  const { sizeMs } = plan
  const stepMs = plan.kind === 'tumbling' ? sizeMs : plan.advanceMs
  const computeEndMs = (start: number) => start * stepMs + sizeMs
  return {
    startsAt(timeMs) {
      const last = Math.floor(timeMs / stepMs)
      const starts: number[] = []
      for (let start = Math.floor((timeMs - sizeMs) / stepMs) + 1; start <= last; start += 1)
        starts.push(start)
      return starts
    },
    getBounds: ([start]) => ({ startMs: start * stepMs, endMs: computeEndMs(start) }),
    newestMs: ([start, , , , sinceStartMs]) =>
      sinceStartMs === undefined ? undefined : start * stepMs + sinceStartMs,
    closesMs: ([start]) => computeEndMs(start) + graceMs,
    leavesMs: ([start]) => computeEndMs(start) + leftAfterMs,
  }
}

/** Returns the time of the last row of a session. */
export function getLastMs([start, , lastMs]: StoredWindow<unknown>): number {
  return lastMs ?? start
}

/** Returns the position of the first window that does not start before this start. */
export function findPosition(windows: readonly StoredWindow[], start: number): number {
  // Most rows belong to the newest windows.
  let at = windows.length
  while (at > 0 && (windows[at - 1] as StoredWindow)[0] >= start) at -= 1
  return at
}
