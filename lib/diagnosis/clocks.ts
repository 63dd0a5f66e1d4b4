/** Finds entities whose clocks are wrong, by the times and the append times of their readings. Pure. */
import { DAY_MS, durationText, MINUTE_MS } from '../support/duration.ts'

interface TimedReading {
  readonly entity: string
  /** Event time, in milliseconds since the epoch. */
  readonly timeMs: number
  /** Append time of the record, in milliseconds since the epoch. */
  readonly appendMs: number
  readonly offset: number
}

/** Age of a reading when it is appended from which on its clock is wrong. Stored readings are sent within a year. */
const BEHIND_MS = 365 * DAY_MS
/** Time by which a clock has turned back, and not only a reading overtaken another. */
const BACK_MS = 30 * MINUTE_MS

/** Returns a line for each entity whose last reading is years before its record, or far before an earlier reading. */
export function describeClocks(readings: readonly TimedReading[]): readonly string[] {
  return [...Map.groupBy(readings, ({ entity }) => entity)].flatMap(([entity, own]) => {
    // The records of a batch have one append time.
    const isLater = (one: TimedReading, other: TimedReading) =>
      (one.appendMs - other.appendMs || one.offset - other.offset) > 0
    const last = own.reduce((last, reading) => (isLater(reading, last) ? reading : last))
    const behindMs = last.appendMs - last.timeMs
    const backMs = Math.max(...own.map(({ timeMs }) => timeMs)) - last.timeMs
    const reasons = [
      ...(behindMs >= BEHIND_MS ? [`${durationText(behindMs)} before its record`] : []),
      ...(backMs >= BACK_MS
        ? [`${durationText(backMs)} before an earlier one, so rules skip it as late, without an alert`]
        : []),
    ]
    return reasons.length === 0
      ? []
      : [`the last reading of ${entity.slice(0, 200)} is ${reasons.join(', and ')}`]
  })
}

export const CLOCK_ADVICE =
  'Set the clock of the device, or correct it in its mapping: `add: 7168d` in `time` after a GPS rollover. EARLIEST_TIME=-30d refuses such readings.'
