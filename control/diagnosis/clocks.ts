/** Finds entities whose clocks are wrong, by the times and the append times of their readings. Pure. */
import { DAY_MS, durationText, MINUTE_MS } from '../../lib/support/duration.ts'
import { createFinding, type Finding, ok, open } from './finding.ts'

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

/**
 * Returns a line for each entity whose last reading is years before its record, or far before an earlier reading. The lines end a day
 * after that reading.
 *
 * @param latestMs greatest time of the entity, if it is known
 */
export function describeClocks(readings: readonly TimedReading[], nowMs: number, latestMs = 0): string[] {
  return [...Map.groupBy(readings, ({ entity }) => entity)].flatMap(([entity, own]) => {
    // The records of a batch have one append time.
    const ordered = own.toSorted((a, b) => a.appendMs - b.appendMs || a.offset - b.offset)
    const greatestMs = Math.max(latestMs, ...own.map(({ timeMs }) => timeMs))
    const { timeMs, appendMs } = ordered.at(-1) as TimedReading
    const [behindMs, backMs] = [appendMs - timeMs, greatestMs - timeMs]
    const turn = ordered.findLastIndex(reading => greatestMs - reading.timeMs < BACK_MS)
    const isBack = backMs >= BACK_MS
    if (nowMs - appendMs > DAY_MS || isSentAtOnce(isBack ? ordered.slice(turn + 1) : ordered)) return []
    const behind = behindMs >= BEHIND_MS ? [`${durationText(behindMs)} before its record`] : []
    const back = `${durationText(backMs)} before an earlier one, so rules skip it as late, without an alert`
    const reasons = [...behind, ...(isBack ? [back] : [])].join(', and ')
    return reasons === '' ? [] : [`the last reading of ${entity.slice(0, 200)} is ${reasons}`]
  })
}

/** Number of readings from which on it counts how fast they are sent. */
const SEVERAL = 5

/** Returns whether readings are sent much faster than they were measured, as in an import or a replay. */
function isSentAtOnce(ordered: readonly TimedReading[]): boolean {
  const [measuredMs, sentMs] = (['timeMs', 'appendMs'] as const).map(name => {
    const times = ordered.map(reading => reading[name])
    return Math.max(...times) - Math.min(...times)
  }) as [number, number]
  return measuredMs > 2 * sentMs && (measuredMs >= BACK_MS || ordered.length >= SEVERAL)
}

export const CLOCK_ADVICE =
  'Set the clock of the device, or correct it in its mapping: `add: 7168d` in `time` after a GPS rollover. EARLIEST_TIME=-30d refuses such readings. If they are sent on purpose, there is nothing to do: this ends within a day.'

/** Checks that the clocks of entities are not years behind, and have not turned back. @param lines those of `describeClocks` */
export function checkClocks(topic: string, lines: readonly string[]): Finding[] {
  if (lines.length === 0)
    return [createFinding('producers', 'clocks', topic, ok('the newest readings have plausible times'))]
  return lines.map(line => createFinding('producers', 'clocks', topic, open(line, CLOCK_ADVICE)))
}
