/**
 * What is remembered of a metric's recent readings, for rules that compare a value with them. Sizes are bounded whatever the
 * rate of readings: the time of a rule is cut into parts, and each keeps one reading, or one sum. Pure.
 */
import type { Measure } from './rule.ts'

/** Time in milliseconds since the epoch, and value. */
type Sample = readonly [timeMs: number, value: number]
/** A part of the time: its number, how many readings, their mean, and the sum of the squares of their distances from it. */
type Part = readonly [index: number, count: number, mean: number, squares: number]

/** The readings before, for `change`: the first of each part of the time, oldest first. */
interface Samples {
  readonly samples: readonly Sample[]
}

/** Sums, for `deviation`. The last reading is kept apart: another of the same instant replaces it. */
interface Parts {
  readonly parts: readonly Part[]
  readonly last: Sample
}

export type History = Samples | Parts

/** A rule compares change with readings that are at most this many times its duration old. */
const OLDEST = 2
const SAMPLES = 60
const PARTS = 20
/** Deviation says nothing as long as fewer readings are known. */
const FEWEST_READINGS = 10
/** A metric that never moves has no deviation of its own: any move counts as one, and must not divide by 0. */
const LEAST_DEVIATION = 1e-9

interface Compared {
  readonly history: History
  /** Null while there is too little to compare with. */
  readonly value: number | null
}

/** @param timeMs not before that of the last call */
export function compare(
  measure: Measure,
  history: History | undefined,
  timeMs: number,
  value: number,
): Compared {
  return measure.of === 'change'
    ? change(history && 'samples' in history ? history.samples : [], measure.overMs, timeMs, value)
    : deviation(history && 'parts' in history ? history : undefined, measure.overMs, timeMs, value)
}

function change(samples: readonly Sample[], overMs: number, timeMs: number, value: number): Compared {
  const partMs = overMs / SAMPLES
  let index = samples.length - 1
  while (index >= 0 && timeOf(samples, index) > timeMs - overMs) index -= 1
  const before = samples[index]
  const isRecent = before !== undefined && before[0] >= timeMs - OLDEST * overMs
  return {
    history: { samples: withSample(index > 0 ? samples.slice(index) : samples, [timeMs, value], partMs) },
    value: isRecent ? value - before[1] : null,
  }
}

/** The samples with this one, if it is the first of its part. It replaces one of the same instant. */
function withSample(samples: readonly Sample[], sample: Sample, partMs: number): readonly Sample[] {
  const last = samples.at(-1)
  if (last?.[0] === sample[0]) return samples.with(-1, sample)
  if (last && Math.floor(last[0] / partMs) === Math.floor(sample[0] / partMs)) return samples
  return [...samples, sample]
}

function timeOf(samples: readonly Sample[], index: number): number {
  return (samples[index] as Sample)[0]
}

function deviation(history: Parts | undefined, overMs: number, timeMs: number, value: number): Compared {
  const partMs = overMs / PARTS
  const earlier =
    history === undefined ? [] : history.last[0] === timeMs ? history.parts : added(history, partMs)
  const parts = since(earlier, Math.floor((timeMs - overMs) / partMs) + 1)
  const next: History = { parts, last: [timeMs, value] }
  const [, count, mean, squares] = parts.reduce(merged, NO_READINGS)
  if (count < FEWEST_READINGS) return { history: next, value: null }
  const own = Math.sqrt(squares / (count - 1))
  const scale = Math.max(own, LEAST_DEVIATION * Math.max(1, Math.abs(mean)))
  return { history: next, value: Number(((value - mean) / scale).toPrecision(12)) }
}

/** The parts from this number on. They are in the order of time. */
function since(parts: readonly Part[], first: number): readonly Part[] {
  let index = 0
  while (index < parts.length && (parts[index] as Part)[0] < first) index += 1
  return index === 0 ? parts : parts.slice(index)
}

/** The sums with the last reading among them. */
function added({ parts, last }: Parts, partMs: number): readonly Part[] {
  const index = Math.floor(last[0] / partMs)
  const one: Part = [index, 1, last[1], 0]
  const newest = parts.at(-1)
  return newest?.[0] === index ? parts.with(-1, merged(newest, one)) : [...parts, one]
}

const NO_READINGS: Part = [0, 0, 0, 0]

/** Chan, Golub and LeVeque: the moments of two sets together, without the loss of digits that sums of squares have. */
function merged(a: Part, b: Part): Part {
  const count = a[1] + b[1]
  if (count === 0) return a
  const delta = b[2] - a[2]
  const mean = a[2] + (delta * b[1]) / count
  return [b[0], count, mean, a[3] + b[3] + (delta * delta * a[1] * b[1]) / count]
}
