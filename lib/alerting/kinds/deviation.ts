/**
 * Rule kind `deviation`: compares the number of standard deviations between a value and the entity's mean. The duration is divided
 * into parts, and each part is stored as one aggregate.
 */
import { durationText } from '../../support/duration.ts'
import { type Moments, mergedMoments, NO_VALUES, sampleDeviation, withValue } from '../../windows/moments.ts'
import { formatSeconds, readPositiveDuration } from '../rule-row.ts'
import { DURATION } from './keys.ts'
import type { MeasureKind } from './kind.ts'

interface Deviation {
  readonly of: 'deviation'
  readonly overMs: number
}

/** Moments of the readings of one part of the duration, by the index of the part. */
type TimeBucket = readonly [index: number, count: number, mean: number, m2: number]

/**
 * Aggregates of earlier readings. The last reading is stored separately, because another reading with the same time replaces it.
 */
interface Parts {
  readonly parts: readonly TimeBucket[]
  readonly last: readonly [timeMs: number, value: number]
}

const PARTS = 20
/** Minimum number of earlier readings. With fewer readings, no deviation is computed. */
const FEWEST_READINGS = 10
/** Lower bound of the standard deviation. It prevents a division by 0 for a metric that never changes. */
const LEAST_DEVIATION = 1e-9

export const deviation: MeasureKind<Deviation> = {
  role: 'measure',
  unit: { symbol: 'σ', because: 'whose thresholds are numbers of standard deviations' },
  keys: {
    deviationOver: {
      ...DURATION,
      about:
        "Compares by how many standard deviations the value [deviates](kinds/deviation.md) from the entity's own mean of this duration.",
      example: '1h',
    },
  },
  read(ruleRow) {
    const overMs = readPositiveDuration(ruleRow, 'deviationOver')
    return overMs === undefined ? undefined : { of: 'deviation', overMs }
  },
  row: ({ overMs }) => ({ deviationOver: formatSeconds(overMs) }),
  memory: {
    key: ({ overMs }) => String(overMs),
    largestBytes: 2_500,
    compare({ overMs }, state: Parts | undefined, timeMs, value) {
      const partMs = overMs / PARTS
      const earlier =
        state === undefined ? [] : state.last[0] === timeMs ? state.parts : addLastReading(state, partMs)
      const parts = dropPartsBefore(earlier, Math.floor((timeMs - overMs) / partMs) + 1)
      const next: Parts = { parts, last: [timeMs, value] }
      const all = parts.reduce((sum, part) => mergedMoments(sum, toMoments(part)), NO_VALUES)
      const own = sampleDeviation(all)
      if (own === undefined || all.count < FEWEST_READINGS) return { state: next, value: null }
      const { mean } = all
      const scale = Math.max(own, LEAST_DEVIATION * Math.max(1, Math.abs(mean)))
      return { state: next, value: Number(((value - mean) / scale).toPrecision(12)) }
    },
  },
  words: {
    text: ({ overMs }, metric) => `deviation of ${metric} over ${durationText(overMs)}`,
    summary: 'is {{measured}}, {{value}} from its mean',
  },
}

/** Returns the parts with index `first` or later. The parts are sorted by time. */
function dropPartsBefore(parts: readonly TimeBucket[], first: number): readonly TimeBucket[] {
  let index = 0
  while (index < parts.length && (parts[index] as TimeBucket)[0] < first) index += 1
  return index === 0 ? parts : parts.slice(index)
}

/** Returns the parts with the last reading included. */
function addLastReading({ parts, last: [timeMs, value] }: Parts, partMs: number): readonly TimeBucket[] {
  const index = Math.floor(timeMs / partMs)
  const newest = parts.at(-1)
  if (newest?.[0] !== index) return [...parts, [index, 1, value, 0]]
  const { count, mean, m2 } = withValue(toMoments(newest), value)
  return parts.with(-1, [index, count, mean, m2])
}

function toMoments([, count, mean, m2]: TimeBucket): Moments {
  return { count, mean, m2 }
}
