/**
 * Uptime of sensors by day. A reading counts for the time until the next one, but at most for five minutes. The seconds seen are a
 * union of ranges, so the order of readings does not matter. Pure.
 */
import { type Mart, type MartRow, SENSOR_COLUMNS, type Sensor } from './mart.ts'

/** Time after a reading in which a sensor counts as seen, in seconds. The function `activity` reports silence after this time. */
const SEEN_FOR_S = 300
const DAY_S = 86_400

export const SENSOR_UPTIME: Mart = {
  name: 'sensor_uptime',
  description: `Time in which each sensor was seen, by day. A reading counts until the next one, at most ${SEEN_FOR_S} s`,
  key: ['source', 'subject', 'day'],
  columns: [
    ...SENSOR_COLUMNS,
    ['day', 'DATE', 'Day of event time, UTC'],
    ['readings', 'INTEGER', 'Number of readings'],
    ['seconds_seen', 'INTEGER', `Seconds of the day that follow a reading by at most ${SEEN_FOR_S} s`],
    ['share', 'REAL', 'Share of the whole day that is in seconds_seen, 0 to 1'],
    ['first_at', 'TIMESTAMP', 'Event time of the first reading'],
    ['last_at', 'TIMESTAMP', 'Event time of the last reading'],
    ['seen', 'TEXT', 'Seconds of the day that are in seconds_seen, as ranges with exclusive ends'],
  ],
  merge: mergeUptime,
}

/** Time at which a sensor sent a reading, in milliseconds since the epoch. */
export interface Sighting {
  readonly sensor: Sensor
  readonly timeMs: number
}

/** Seconds of a day, with an exclusive end. */
type Range = readonly [from: number, to: number]

interface SensorDay {
  readonly row: MartRow
  /** Seconds of the day at which readings were sent; negative for readings of the day before. */
  readonly seconds: Set<number>
  readings: number
  firstMs: number
  lastMs: number
}

/** Returns a row for each sensor and day. A reading shortly before midnight adds seconds to the next day, too. */
export function uptimeRows(sightings: Iterable<Sighting>): MartRow[] {
  const days = new Map<string, SensorDay>()
  for (const { sensor, timeMs } of sightings) {
    const second = Math.floor(timeMs / 1000)
    const midnight = second - (second % DAY_S)
    for (const start of [midnight, midnight + DAY_S]) {
      if (second + SEEN_FOR_S <= start) continue
      const key = `${sensor.source}\0${sensor.subject}\0${start}`
      const day = days.get(key) ?? sensorDay(sensor, start)
      days.set(key, day)
      day.seconds.add(second - start)
      if (second < start) continue
      day.readings += 1
      day.firstMs = Math.min(day.firstMs, timeMs)
      day.lastMs = Math.max(day.lastMs, timeMs)
    }
  }
  return [...days.values()].map(({ row, seconds, readings, firstMs, lastMs }) => {
    const ranges = [...seconds].map((from): Range => [Math.max(0, from), Math.min(DAY_S, from + SEEN_FOR_S)])
    const [first_at, last_at] = readings > 0 ? [firstMs, lastMs] : [null, null]
    return { ...row, readings, ...seenIn(ranges), first_at, last_at }
  })
}

function sensorDay(sensor: Sensor, start: number): SensorDay {
  const day = new Date(start * 1000).toISOString().slice(0, 10)
  const times = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY }
  return { row: { ...sensor, day }, seconds: new Set(), readings: 0, ...times }
}

function mergeUptime(earlier: MartRow, later: MartRow): MartRow {
  const [a, b] = earlier.first_at === null ? [later, earlier] : [earlier, later]
  const ends =
    b.first_at === null
      ? { first_at: a.first_at ?? null, last_at: a.last_at ?? null }
      : {
          first_at: Math.min(Number(a.first_at), Number(b.first_at)),
          last_at: Math.max(Number(a.last_at), Number(b.last_at)),
        }
  const readings = Number(a.readings) + Number(b.readings)
  return { ...earlier, readings, ...seenIn([...rangesOf(a), ...rangesOf(b)]), ...ends }
}

function seenIn(ranges: readonly Range[]) {
  const union: [number, number][] = []
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = union.at(-1)
    if (last && from <= last[1]) last[1] = Math.max(last[1], to)
    else union.push([from, to])
  }
  const seconds = union.reduce((sum, [from, to]) => sum + to - from, 0)
  return { seconds_seen: seconds, share: seconds / DAY_S, seen: union.map(one => one.join('-')).join(',') }
}

function rangesOf({ seen }: MartRow): Range[] {
  const ranges = String(seen).split(',')
  return ranges.map(range => range.split('-').map(Number) as unknown as Range)
}
