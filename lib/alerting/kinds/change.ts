/**
 * Rule kind `change`: compares the difference between the value and an earlier value. The duration is divided into parts, and only
 * one reading per part is stored. The size of the state therefore does not depend on the rate of readings.
 */
import { durationText } from '../../support/duration.ts'
import { computeRise } from '../../telemetry/metric-kinds.ts'
import { turnBetween } from '../../windows/circle.ts'
import { formatSeconds, readPositiveDuration } from '../rule-row.ts'
import { DURATION } from './keys.ts'
import type { MeasureKind } from './kind.ts'

interface Change {
  readonly of: 'change'
  readonly overMs: number
  /** What the metric is, unless it is a gauge. */
  readonly is?: 'counter' | 'direction'
}

/** Time of a reading, in milliseconds since the epoch, and its value. */
type Sample = readonly [timeMs: number, value: number]

/**
 * Stored readings: the first reading of each part of the duration, oldest first. The values of a counter are what it has risen since
 * its first reading, and `newest` is the reading from which it rises further.
 */
interface Samples {
  readonly samples: readonly Sample[]
  readonly newest?: readonly [timeMs: number, value: number, risen: number]
}

/** Maximum age of the earlier value, as a multiple of the duration. */
const OLDEST = 2
const PARTS = 60

export const change: MeasureKind<Change> = {
  role: 'measure',
  keys: {
    changeOver: {
      ...DURATION,
      about:
        'Compares how much the value has [changed](kinds/change.md) over this duration, instead of the value: for a counter, how much it has risen.',
      example: '10m',
    },
  },
  read(ruleRow, { is }) {
    const overMs = readPositiveDuration(ruleRow, 'changeOver')
    return overMs === undefined ? undefined : { of: 'change', overMs, ...(is !== 'gauge' && { is }) }
  },
  row: ({ overMs }) => ({ changeOver: formatSeconds(overMs) }),
  memory: {
    key: ({ overMs, is }) => (is === undefined ? String(overMs) : `${overMs} ${is}`),
    largestBytes: 2_500,
    compare({ overMs, is }, state: Samples | undefined, timeMs, measured) {
      const samples = state?.samples ?? []
      const newest = is === 'counter' ? rise(state?.newest, timeMs, measured) : undefined
      const value = newest ? newest[2] : measured
      let index = samples.length - 1
      while (index >= 0 && getTime(samples, index) > timeMs - overMs) index -= 1
      const before = samples[index]
      const isRecent = before !== undefined && before[0] >= timeMs - OLDEST * overMs
      const remainingSamples = index > 0 ? samples.slice(index) : samples
      return {
        state: {
          samples: withSample(remainingSamples, [timeMs, value], overMs / PARTS),
          ...(newest && { newest }),
        },
        value: isRecent ? (is === 'direction' ? turnBetween(before[1], value) : value - before[1]) : null,
      }
    },
  },
  words: {
    text: ({ overMs }, metric) => `change of ${metric} over ${durationText(overMs)}`,
    summary: 'has changed by {{value}}',
  },
}

/** Returns the newest reading of a counter. Of readings with equal times, the first one counts. */
function rise(newest: Samples['newest'], timeMs: number, value: number): NonNullable<Samples['newest']> {
  if (newest === undefined) return [timeMs, value, 0]
  return newest[0] === timeMs ? newest : [timeMs, value, newest[2] + computeRise(newest[1], value)]
}

/** Returns the samples with the new sample added if it is the first of its part. A sample with the same time is replaced. */
function withSample(samples: readonly Sample[], sample: Sample, partMs: number): readonly Sample[] {
  const last = samples.at(-1)
  if (last?.[0] === sample[0]) return samples.with(-1, sample)
  if (last && Math.floor(last[0] / partMs) === Math.floor(sample[0] / partMs)) return samples
  return [...samples, sample]
}

function getTime(samples: readonly Sample[], index: number): number {
  return (samples[index] as Sample)[0]
}
