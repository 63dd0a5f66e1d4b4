/**
 * Windows of one minute of event time. A minute is published when a later one starts, and again for each row that is late for it but
 * within the grace of one more minute. So only the open minute and the one before it are stored.
 */
import { createWindowing, type StoredWindow } from '../windows/windows.ts'
import { type Measured, type MetricStatistics, withReading } from './metric-statistics.ts'

const WINDOW_MS = 60_000

export const MINUTES = createWindowing({
  kind: 'tumbling',
  sizeMs: WINDOW_MS,
  graceMs: WINDOW_MS,
  retentionMs: WINDOW_MS,
})

/** Statistics of one minute. */
export type Minute = StoredWindow<MetricStatistics>

/** The open minute, which is the last one, and the minute that was closed before it. */
export type Minutes = readonly [open: Minute] | readonly [closed: Minute, open: Minute]

/** Minutes after a reading, and the closed one whose summary is to be emitted, if any. */
interface Assignment {
  readonly reason: 'counted' | 'window-closed' | 'window-revised' | 'late'
  readonly minutes: Minutes
  readonly due?: Minute
}

/**
 * Adds a reading to its minute.
 *
 * @param minutes minutes before the reading; undefined for the first reading of an entity
 */
export function assignToMinute(minutes: Minutes | undefined, measured: Measured): Assignment {
  const [start] = MINUTES.startsAt(measured.timeMs) as [number]
  if (minutes === undefined) return { reason: 'counted', minutes: [minuteWith([start, {}], measured)] }
  const open = openMinute(minutes)
  const closed = minutes.length === 2 ? minutes[0] : undefined
  if (start === open[0]) {
    const next = minuteWith(open, measured)
    return { reason: 'counted', minutes: closed ? [closed, next] : [next] }
  }
  if (start > open[0])
    return { reason: 'window-closed', minutes: [open, minuteWith([start, {}], measured)], due: open }
  // The clock of the entity is in the open minute.
  if (MINUTES.closesMs([start, {}]) <= MINUTES.getBounds(open).startMs) return { reason: 'late', minutes }
  const due =
    closed?.[0] === start
      ? minuteWith(closed, measured, getRevision(closed) + 1)
      : minuteWith([start, {}], measured)
  return { reason: 'window-revised', minutes: [due, open], due }
}

export function openMinute(minutes: Minutes): Minute {
  return minutes.at(-1) as Minute
}

/** Returns how often the summary of a closed minute has changed since it was emitted first. */
export function getRevision([, , , revision = 0]: Minute): number {
  return revision
}

function minuteWith([start, metrics]: Minute, measured: Measured, revision = 0): Minute {
  const next = withReading(metrics, measured)
  return revision > 0 ? [start, next, start, revision] : [start, next]
}
