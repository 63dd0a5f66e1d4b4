/**
 * Rule kind `change`: compares the difference between the value and an earlier value. The duration is divided into parts, and only
 * one reading per part is stored. The size of the state therefore does not depend on the rate of readings.
 */
import { durationText } from '../../support/duration.ts'
import { formatSeconds, readPositiveDuration } from '../rule-row.ts'
import { DURATION } from './keys.ts'
import type { MeasureKind } from './kind.ts'

interface Change {
  readonly of: 'change'
  readonly overMs: number
}

/** Time of a reading, in milliseconds since the epoch, and its value. */
type Sample = readonly [timeMs: number, value: number]

/** Stored readings: the first reading of each part of the duration, oldest first. */
interface Samples {
  readonly samples: readonly Sample[]
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
        'Compares how much the value has [changed](kinds/change.md) over this duration, instead of the value.',
      example: '10m',
    },
  },
  read(ruleRow) {
    const overMs = readPositiveDuration(ruleRow, 'changeOver')
    return overMs === undefined ? undefined : { of: 'change', overMs }
  },
  row: ({ overMs }) => ({ changeOver: formatSeconds(overMs) }),
  memory: {
    key: ({ overMs }) => String(overMs),
    largestBytes: 2_500,
    compare({ overMs }, state: Samples | undefined, timeMs, value) {
      const samples = state?.samples ?? []
      let index = samples.length - 1
      while (index >= 0 && getTime(samples, index) > timeMs - overMs) index -= 1
      const before = samples[index]
      const isRecent = before !== undefined && before[0] >= timeMs - OLDEST * overMs
      const remainingSamples = index > 0 ? samples.slice(index) : samples
      return {
        state: { samples: withSample(remainingSamples, [timeMs, value], overMs / PARTS) },
        value: isRecent ? value - before[1] : null,
      }
    },
  },
  words: {
    text: ({ overMs }, metric) => `change of ${metric} over ${durationText(overMs)}`,
    summary: 'has changed by {{value}}',
  },
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
