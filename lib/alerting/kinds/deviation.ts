/**
 * Rule kind `deviation`: compares the number of standard deviations between a value and the entity's mean. The duration is divided
 * into parts, and each part is stored as one aggregate.
 */
import { durationText } from '../../support/duration.ts'
import { angularDeviation, meanAngle, turnBetween, type Vectors, withAngle } from '../../windows/circle.ts'
import { type Moments, mergedMoments, NO_VALUES, sampleDeviation, withValue } from '../../windows/moments.ts'
import { formatSeconds, readPositiveDuration } from '../rule-row.ts'
import { DURATION } from './keys.ts'
import type { MeasureKind } from './kind.ts'

interface Deviation {
  readonly of: 'deviation'
  readonly overMs: number
  /** Present if the metric is a direction. */
  readonly is?: 'direction'
}

/**
 * Readings of one part of the duration, by the index of the part: their number, mean and squared distances, or for a direction the sums
 * of their vectors.
 */
type TimeBucket = readonly [index: number, count: number, meanOrX: number, m2OrY: number]

/** How numbers or angles are added up and compared. */
interface Spread {
  /** Returns the part with one more value. */
  add(part: TimeBucket, value: number): TimeBucket
  /** Returns the number of deviations between a value and the mean of the parts; undefined if they have no mean. */
  compare(parts: readonly TimeBucket[], value: number): number | undefined
}

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

const NUMBERS: Spread = {
  add([index, ...part], value) {
    const { count, mean, m2 } = withValue(toMoments(part), value)
    return [index, count, mean, m2]
  },
  compare(parts, value) {
    const all = parts.reduce((sum, [, ...part]) => mergedMoments(sum, toMoments(part)), NO_VALUES)
    const least = LEAST_DEVIATION * Math.max(1, Math.abs(all.mean))
    return (value - all.mean) / Math.max(sampleDeviation(all) ?? 0, least)
  },
}

const ANGLES: Spread = {
  add([index, ...part], value) {
    const { count, x, y } = withAngle(toVectors(part), value)
    return [index, count, x, y]
  },
  compare(parts, value) {
    const sums = parts.map(([, ...part]) => toVectors(part))
    const all = sums.reduce((a, b) => ({ count: a.count + b.count, x: a.x + b.x, y: a.y + b.y }))
    const mean = meanAngle(all)
    return mean === undefined
      ? undefined
      : turnBetween(mean, value) / Math.max(angularDeviation(all), LEAST_DEVIATION * 360)
  },
}

export const deviation: MeasureKind<Deviation> = {
  role: 'measure',
  refuses: { counter: 'a counter rises: compare its changeOver' },
  unit: { symbol: 'σ', because: 'whose thresholds are numbers of standard deviations' },
  keys: {
    deviationOver: {
      ...DURATION,
      about:
        "Compares by how many standard deviations the value [deviates](kinds/deviation.md) from the entity's own mean of this duration.",
      example: '1h',
    },
  },
  read(ruleRow, { is }) {
    const overMs = readPositiveDuration(ruleRow, 'deviationOver')
    return overMs === undefined ? undefined : { of: 'deviation', overMs, ...(is === 'direction' && { is }) }
  },
  row: ({ overMs }) => ({ deviationOver: formatSeconds(overMs) }),
  memory: {
    key: ({ overMs, is }) => (is === undefined ? String(overMs) : `${overMs} ${is}`),
    largestBytes: 2_500,
    compare({ overMs, is }, state: Parts | undefined, timeMs, value) {
      const partMs = overMs / PARTS
      const spread = is === 'direction' ? ANGLES : NUMBERS
      const earlier =
        state === undefined
          ? []
          : state.last[0] === timeMs
            ? state.parts
            : addLastReading(state, partMs, spread)
      const parts = dropPartsBefore(earlier, Math.floor((timeMs - overMs) / partMs) + 1)
      const next: Parts = { parts, last: [timeMs, value] }
      const count = parts.reduce((sum, [, own]) => sum + own, 0)
      const compared = count < FEWEST_READINGS ? undefined : spread.compare(parts, value)
      return { state: next, value: compared === undefined ? null : Number(compared.toPrecision(12)) }
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
function addLastReading(
  { parts, last: [timeMs, value] }: Parts,
  partMs: number,
  { add }: Spread,
): readonly TimeBucket[] {
  const index = Math.floor(timeMs / partMs)
  const newest = parts.at(-1)
  if (newest?.[0] !== index) return [...parts, add([index, 0, 0, 0], value)]
  return parts.with(-1, add(newest, value))
}

type Sums = readonly [count: number, meanOrX: number, m2OrY: number]

function toMoments([count, mean, m2]: Sums): Moments {
  return { count, mean, m2 }
}

function toVectors([count, x, y]: Sums): Vectors {
  return { count, x, y }
}
