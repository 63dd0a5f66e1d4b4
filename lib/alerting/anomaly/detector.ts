/**
 * Learns how a metric of one entity usually behaves, and tells how unusual each new reading is. Pure.
 *
 * Features of a reading are compared with those of all earlier ones: its distance from the last few readings (`spike`), the distance
 * of a short and a longer mean from the level of days (`level`), its distance from the rhythm of day and week (`rhythm`), and the
 * size of the last moves (`spread` if it is large, `stuck` if it is small). A histogram for each side of a feature counts how often
 * it was as large. Its buckets are logarithmic, so neither units nor heavy tails matter. The score is the rarity of the rarest
 * feature.
 *
 * Means and histograms count steps. A step is one reading or, if readings come faster, five minutes, of which the largest features are
 * counted. So time scales follow the interval between readings, and many readings a minute do not cause many alerts.
 */
import { bucketOf, emptyHistograms, type Histograms, limitOf, rarity, withCounts } from './histograms.ts'
import { type Rhythm, rhythmAt, UNKNOWN_RHYTHM, withReading } from './rhythm.ts'

/** Scores from which readings are unusual, by the sensitivity of a rule. */
export const THRESHOLDS = { low: 0.54, medium: 0.44, high: 0.38 } as const

export interface Settings {
  /** Score from which a reading is unusual, from 0 to 1. */
  readonly threshold: number
  readonly day: boolean
  readonly week: boolean
}

/** What made a reading unusual. */
export type Why = 'spike' | 'level' | 'rhythm' | 'spread' | 'stuck'

/** What a reading was expected to be. A limit that is not known is infinite. */
export interface Expected {
  readonly expected: number
  readonly low: number
  readonly high: number
}

export interface Judged extends Expected {
  readonly state: Learned
  /** From 0 to 1. It stays while the same anomaly lasts; undefined while too little is known. */
  readonly score: number | undefined
  readonly why: Why | undefined
  /** True for the first reading of an anomaly. */
  readonly isNew: boolean
}

/** State for one entity and metric, stored as JSON. Its keys are short, because each entity has one for each metric. */
export interface Learned {
  /** Number of steps. */
  readonly n: number
  /** Times of the first and the last reading, and the mean interval. */
  readonly t: readonly [firstMs: number, lastMs: number, everyMs: number]
  readonly x: number
  /** Exponential means, from fast to slow. */
  readonly m: readonly [fast: number, short: number, long: number, level: number]
  /** Mean size of the last moves, and of the distance from the level. */
  readonly s: readonly [moves: number, distance: number]
  readonly h: Histograms
  readonly r: Rhythm
  /** Largest bucket of each feature in a step that is not over. */
  readonly b?: readonly (number | null)[]
  /** Number of steps in which the value rose, and in which it fell. */
  readonly v: readonly [rises: number, falls: number]
  /** True for a counter, of which the differences between readings are learned. */
  readonly up?: boolean
  /** Step up to which nothing is unusual, after a gap. */
  readonly g?: number
  /** The last anomaly: its first step, score, feature, what was expected, and whether it lasts. */
  readonly e?: Episode
}

type Episode = readonly [
  step: number,
  score: number,
  feature: number,
  expected: number,
  low: number | null,
  high: number | null,
  lasts: 0 | 1,
]

/** Time scales in steps, and weights of the features. They were chosen with the training part of the benchmark. */
export const TUNING = {
  fast: 0.4,
  short: 0.06,
  long: 0.012,
  moves: 0.05,
  levelSteps: 4_000,
  /** Steps for which an anomaly counts as known. A score that is higher by this factor, for another reason, is another anomaly. */
  restSteps: 200,
  again: 1.2,
  spike: 1,
  level: 1,
  longLevel: 1,
  spread: 1,
  stuck: 0.8,
  rhythm: 0.8,
}

/** Steps before anything is unusual. */
const LEAST_STEPS = 200
const STEP_MS = 5 * 60_000
/** Rarity with the score 1: one in 10 to the power of this. */
const RAREST = 8
/** A pause of more intervals than this is a gap. After it, the short mean must settle. */
const GAP = 10
const AFTER_GAP = 20
/** Readings within an anomaly count only in each such step. */
const DAMPING = 2
/** Share of the usual distance from the level below which moves are no move. */
const STILL = 1e-3
/** Share of its first score above which an anomaly lasts. */
const LASTS = 0.7
/** Distances from the level count up to this multiple of the usual distance. */
const CLIP = 64
/** A counter has risen in most steps, and has fallen in fewer than this share. Falls are restarts. */
const FALLS = 0.02

/** A stuck value becomes less usual with each step, so a size that was never there before counts only in each such step. */
const STUCK_STEPS = 12
const [SPIKE, STUCK, RHYTHM] = [0, 7, 8]

const FEATURES: readonly Why[] = [
  'spike',
  'spike',
  'level',
  'level',
  'level',
  'level',
  'spread',
  'stuck',
  'rhythm',
  'rhythm',
]

function weightOf(feature: number): number {
  const { spike, level, longLevel, spread, stuck, rhythm } = TUNING
  return [spike, spike, level, level, longLevel, longLevel, spread, stuck, rhythm, rhythm][feature] as number
}

/** Judges a reading. A reading with the time of the last one changes nothing; the caller must not give an earlier one. */
export function judge(settings: Settings, state: Learned | undefined, timeMs: number, value: number): Judged {
  if (state === undefined) return quiet(first(timeMs, value), value)
  const lastMs = state.t[1]
  if (timeMs <= lastMs) return again(state, settings)
  return state.up ? ofCounter(settings, state, timeMs, value) : learn(settings, state, timeMs, value, value)
}

/** Returns what is expected at a time: by the rhythm, or else of the next reading. */
export function expectedAt(settings: Settings, state: Learned, timeMs: number): Expected {
  const season = rhythmAt(state.r, timeMs, settings)
  const { expected, low, high } = bandOf(settings, state, season === undefined ? SPIKE : RHYTHM, season)
  const back = state.up ? state.x : 0
  return { expected: expected + back, low: low + back, high: high + back }
}

/** Returns how long it takes until readings can be unusual, if readings keep coming; 0 or less if they can. */
export function learningMs({ n, t: [firstMs, lastMs, everyMs] }: Learned, learnForMs: number): number {
  const steps = (LEAST_STEPS - n) * Math.max(everyMs, STEP_MS)
  return Math.max(learnForMs - (lastMs - firstMs), steps)
}

function first(timeMs: number, value: number): Learned {
  return {
    n: 1,
    t: [timeMs, timeMs, 0],
    x: value,
    m: [value, value, value, value],
    s: [0, 0],
    h: emptyHistograms(FEATURES.length),
    r: UNKNOWN_RHYTHM,
    v: [0, 0],
  }
}

function quiet(state: Learned, value: number): Judged {
  return {
    state,
    score: undefined,
    why: undefined,
    isNew: false,
    expected: value,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
  }
}

function again(state: Learned, settings: Settings): Judged {
  const { e } = state
  if (e?.[6] && !state.up) return { state, ...told(e) }
  const score = state.n < LEAST_STEPS ? undefined : 0
  return { ...quiet(state, state.x), ...expectedAt(settings, state, state.t[1]), score }
}

/** Learns the differences of a counter. A fall is a restart, and no difference; many falls show that it is no counter. */
function ofCounter(settings: Settings, state: Learned, timeMs: number, value: number): Judged {
  const before = state.x
  const [firstMs, lastMs, everyMs] = state.t
  if (value < before) {
    const falls = state.v[1] + 1
    if (falls > Math.max(2, state.n * FALLS)) return quiet(first(timeMs, value), value)
    return again({ ...state, x: value, v: [state.v[0], falls], t: [firstMs, timeMs, everyMs] }, settings)
  }
  const steps = Math.max(1, (timeMs - lastMs) / Math.max(1, everyMs))
  const judged = learn(settings, state, timeMs, (value - before) / steps, value)
  const { expected, low, high } = judged
  return { ...judged, expected: before + expected, low: before + low, high: before + high }
}

/** @param x number that is learned: the value or, for a counter, its difference */
function learn(settings: Settings, state: Learned, timeMs: number, x: number, value: number): Judged {
  const { t, m, s, n, h, r } = state
  const [firstMs, lastMs, beforeMs] = t
  const pauseMs = timeMs - lastMs
  const everyMs = beforeMs === 0 ? pauseMs : beforeMs + 0.05 * (Math.min(pauseMs, 5 * beforeMs) - beforeMs)
  const isGap = beforeMs > 0 && pauseMs > GAP * Math.max(beforeMs, STEP_MS)
  const isFast = everyMs < STEP_MS
  const weight = isFast ? Math.min(1, pauseMs / STEP_MS) : 1
  const by = (rate: number) => Math.max(rate, 1 / (n + 1)) * weight
  const fast = isGap ? x : m[0]
  const level = m[3]
  const season = rhythmAt(r, timeMs, settings)
  const steady = x - (season ?? 0)
  const move = x - fast
  const away = x - level
  const short = m[1] + by(TUNING.short) * (steady - m[1])
  const long = m[2] + by(TUNING.long) * (steady - m[2])
  const moves = s[0] + by(TUNING.moves) * (Math.abs(move) - s[0])
  const off = steady - m[1]
  const features = [
    move,
    -move,
    short - level,
    level - short,
    long - level,
    level - long,
    moves,
    1 / (moves + Math.max(s[1] * STILL, Number.EPSILON)),
    ...(season === undefined ? [] : [off, -off]),
  ]
  const rested = state.e !== undefined && n + 1 - state.e[0] >= TUNING.restSteps ? undefined : state.e
  const isKnown = n + 1 >= LEAST_STEPS
  let [rarest, which] = [0, -1]
  if (isKnown)
    for (const [feature, size] of features.entries()) {
      const rare = weightOf(feature) * rarity(h, feature, size)
      if (rare > rarest) [rarest, which] = [rare, feature]
    }
  const isAfterGap = isGap || (state.g !== undefined && n < state.g)
  const score = isAfterGap ? 0 : Math.min(1, rarest / RAREST)
  const isNew = score >= settings.threshold && (rested === undefined || isOther(rested, which, score))
  const lasts = rested?.[6] === 1 && stillLasts(rested, h, x, features)
  const e: Episode | undefined = isNew
    ? episode(n + 1, score, which, bandOf(settings, state, which, season))
    : rested && rested[6] === (lasts ? 1 : 0)
      ? rested
      : (rested?.with(6, 0) as Episode | undefined)
  const isUnusual = e?.[6] === 1
  // From here on, what the reading teaches.
  const ends = !isFast || Math.floor(timeMs / STEP_MS) !== Math.floor(lastMs / STEP_MS)
  const buckets = features.map((size, feature) => largest(bucketOf(size), state.b?.[feature]))
  const counts = ends && !(isUnusual && n % DAMPING > 0)
  const clip = n < LEAST_STEPS ? Number.POSITIVE_INFINITY : CLIP * s[1]
  const clipped = Math.max(-clip, Math.min(clip, away))
  const distance = s[1] + by(1 / TUNING.levelSteps) * (Math.abs(n < 50 ? away : clipped) - s[1])
  const hasRested = ends && state.e !== undefined && n + 1 - state.e[0] === TUNING.restSteps
  // A level that has lasted for so long is the new one.
  const shift = Math.abs(long - level)
  const isAccepted = hasRested && shift > s[1] && Math.abs(short - long) < shift / 2
  const nextLevel = isAccepted ? long : level + by(1 / TUNING.levelSteps) * clipped
  const rises = value > state.x ? 1 : 0
  const falls = value < state.x ? 1 : 0
  const next: Learned = {
    n: ends ? n + 1 : n,
    t: [firstMs, timeMs, everyMs],
    x: value,
    m: [fast + by(TUNING.fast) * (x - fast), short, long, nextLevel],
    s: [moves, distance],
    h: counts ? withCounts(h, buckets, n % STUCK_STEPS === 0 ? undefined : STUCK) : h,
    r: e ? r : withReading(r, timeMs, x - nextLevel, distance),
    ...(ends ? {} : { b: buckets.map(bucket => bucket ?? null) }),
    v: [state.v[0] + rises, state.v[1] + falls],
    ...(state.up && { up: true }),
    ...(isGap ? { g: n + AFTER_GAP } : isAfterGap && { g: state.g as number }),
    ...(e && { e }),
  }
  if (!state.up && next.n === LEAST_STEPS && n < LEAST_STEPS && isCounter(next))
    return quiet({ ...first(timeMs, value - state.x), t: next.t, x: value, up: true }, value)
  if (isUnusual && e) return { state: next, ...told(e), isNew }
  const shown = rested === undefined ? score : 0
  const near = bandOf(settings, state, SPIKE, season)
  return { state: next, score: isKnown ? shown : undefined, why: FEATURES[which], isNew: false, ...near }
}

/** Returns whether this is another anomaly than the one that is known: a rarer one, of another kind. */
function isOther([, score, feature]: Episode, which: number, now: number): boolean {
  return FEATURES[feature] !== FEATURES[which] && now >= TUNING.again * score
}

/** Returns whether the value is still beyond what was expected, or what was unusual still is. */
function stillLasts(
  [, score, feature, , low, high]: Episode,
  h: Histograms,
  x: number,
  features: readonly number[],
): boolean {
  if (FEATURES[feature] === 'spike') return (low !== null && x < low) || (high !== null && x > high)
  return weightOf(feature) * rarity(h, feature, features[feature] ?? 0) >= LASTS * score * RAREST
}

/** Returns the band of the feature that made a reading unusual. The spread has none: its values are within the band of a spike. */
function bandOf(settings: Settings, { h, m }: Learned, feature: number, season = 0): Expected {
  const [fast, short, , level] = m
  const why = FEATURES[feature]
  if (why === 'level') return band(settings, h, feature - (feature % 2), level + season)
  return why === 'rhythm' ? band(settings, h, RHYTHM, short + season) : band(settings, h, SPIKE, fast)
}

/** @param feature feature of the upper side; the lower side is the next one */
function band({ threshold }: Settings, h: Histograms, feature: number, expected: number): Expected {
  const rare = (threshold * RAREST) / weightOf(feature)
  return {
    expected,
    low: expected - limitOf(h, feature + 1, rare),
    high: expected + limitOf(h, feature, rare),
  }
}

function episode(step: number, score: number, feature: number, { expected, low, high }: Expected): Episode {
  return [step, score, feature, expected, finite(low), finite(high), 1]
}

function told(e: Episode) {
  const [, score, feature, expected, low, high] = e
  return {
    ...{ score, why: FEATURES[feature], isNew: false, expected },
    ...{ low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY },
  }
}

/** JSON has no infinity. */
function finite(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}

function isCounter({ n, v: [rises, falls] }: Learned): boolean {
  return rises > n / 2 && falls <= n * FALLS
}

function largest(bucket: number | undefined, before: number | null | undefined): number | undefined {
  if (before === undefined || before === null) return bucket
  return bucket === undefined ? before : Math.max(bucket, before)
}
