/**
 * Learns how a metric of one entity usually behaves, and judges how unusual each new reading is. Pure.
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
import { isCountable } from '../../windows/moments.ts'
import {
  type AnomalyKind,
  FEATURES,
  RHYTHM,
  type RunningMeans,
  SPIKE,
  STUCK,
  withReading,
} from './features.ts'
import {
  computeBucket,
  computeLimit,
  computeRarity,
  emptyHistograms,
  type Histograms,
  withCounts,
} from './histograms.ts'
import { type Rhythm, rhythmAt, UNKNOWN_RHYTHM, withDistance } from './rhythm.ts'

/** Scores from which readings are unusual, by the sensitivity of a rule. */
export const THRESHOLDS = { low: 0.56, medium: 0.46, high: 0.4 } as const

export interface Settings {
  /** Score from which a reading is unusual, from 0 to 1. */
  readonly threshold: number
  readonly day: boolean
  readonly week: boolean
}

/** Expected value of a reading, and the limits of usual values. A limit that is not known is infinite. */
export interface Expected {
  readonly expected: number
  readonly low: number
  readonly high: number
}

export interface Judged extends Expected {
  readonly state: Learned
  /** Score from 0 to 1. It stays while the same anomaly lasts; undefined while too little is known. */
  readonly score: number | undefined
  readonly why: AnomalyKind | undefined
  /** True for the first reading of an anomaly. */
  readonly isNew: boolean
}

/** State for one entity and metric, stored as JSON. Its keys are short, because each entity has one for each metric. */
export interface Learned extends RunningMeans {
  /** Number of steps. */
  readonly n: number
  /** Times of the first and the last reading, and the mean interval. */
  readonly t: readonly [firstMs: number, lastMs: number, everyMs: number]
  readonly x: number
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

/** Steps for which an anomaly counts as known. A score that is higher by the factor, for another reason, is another anomaly. */
const REST_STEPS = 200
const OTHER = 1.2
/** Steps before anything is unusual. */
const LEAST_STEPS = 200
const STEP_MS = 5 * 60_000
/** Rarity with the score 1: one in 10 to the power of this. */
const RAREST = 8
/** Share of a new interval in their mean. */
const OF_INTERVAL = 0.05
/** A pause of more intervals than this is a gap. After it, the short mean must settle. */
const GAP = 10
const AFTER_GAP = 20
/** Readings within an anomaly count only in each such step. */
const DAMPING = 2
/** Share of its rarity with which a later feature, which follows from an earlier one, explains a reading. */
const NEARLY = 0.8
/** Share of its first score above which an anomaly lasts. */
const LASTS = 0.7
/** A counter has risen in most steps, and has fallen in fewer than this share. Falls are restarts. */
const FALLS = 0.02

/** A stuck value becomes less usual with each step, so a size that was never there before counts only in each such step. */
const STUCK_STEPS = 12

/**
 * Judges a reading. A reading with the time of the last one, or with a value that statistics cannot include, changes nothing. The
 * caller must not give an earlier reading.
 */
export function judge(settings: Settings, state: Learned | undefined, timeMs: number, value: number): Judged {
  if (state === undefined)
    return isCountable(value)
      ? createUnscoredResult(createState(timeMs, value), value)
      : createUnscoredResult({ ...createState(timeMs, 0), n: 0 }, 0)
  const lastMs = state.t[1]
  if (timeMs <= lastMs || !isCountable(value)) return repeatResult(state, settings)
  return state.up
    ? learnCounter(settings, state, timeMs, value)
    : learn(settings, state, timeMs, value, value)
}

/** Returns what is expected at a time: by the rhythm, or else of the next reading. */
export function expectedAt(settings: Settings, state: Learned, timeMs: number): Expected {
  const season = rhythmAt(state.r, timeMs, settings)
  const { expected, low, high } = computeFeatureBand(
    settings,
    state,
    season === undefined ? SPIKE : RHYTHM,
    season,
  )
  const back = state.up ? state.x : 0
  return { expected: expected + back, low: low + back, high: high + back }
}

/** Returns how long it takes until readings can be unusual, if readings keep coming; 0 or less if they can. */
export function learningMs({ n, t: [firstMs, lastMs, everyMs] }: Learned, learnForMs: number): number {
  const steps = (LEAST_STEPS - n) * Math.max(everyMs, STEP_MS)
  return Math.max(learnForMs - (lastMs - firstMs), steps)
}

function createState(timeMs: number, value: number): Learned {
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

function createUnscoredResult(state: Learned, value: number): Judged {
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

function repeatResult(state: Learned, settings: Settings): Judged {
  const { e } = state
  if (e?.[6] && !state.up) return { state, ...describeEpisode(e) }
  const score = state.n < LEAST_STEPS ? undefined : 0
  return { ...createUnscoredResult(state, state.x), ...expectedAt(settings, state, state.t[1]), score }
}

/** Learns the differences of a counter. A fall is a restart, so it has no difference. Many falls show that the metric does not count. */
function learnCounter(settings: Settings, state: Learned, timeMs: number, value: number): Judged {
  const before = state.x
  const [firstMs, lastMs, everyMs] = state.t
  if (value < before) {
    const falls = state.v[1] + 1
    if (falls > Math.max(2, state.n * FALLS)) return createUnscoredResult(createState(timeMs, value), value)
    return repeatResult(
      { ...state, x: value, v: [state.v[0], falls], t: [firstMs, timeMs, everyMs] },
      settings,
    )
  }
  const steps = Math.max(1, (timeMs - lastMs) / Math.max(1, everyMs))
  const judged = learn(settings, state, timeMs, (value - before) / steps, value)
  const { expected, low, high } = judged
  return { ...judged, expected: before + expected, low: before + low, high: before + high }
}

/** @param x number that is learned: the value or, for a counter, its difference */
function learn(settings: Settings, state: Learned, timeMs: number, x: number, value: number): Judged {
  const { n, h, r } = state
  const { everyMs, isGap, isFast, ends } = computePace(state, timeMs)
  const share = isFast ? Math.min(1, (timeMs - state.t[1]) / STEP_MS) : 1
  const season = rhythmAt(r, timeMs, settings)
  const from: RunningMeans = isGap ? { s: state.s, m: [x, state.m[1], state.m[2], state.m[3]] } : state
  const { means, sizes } = withReading(from, x, season, { steps: n + 1, share })
  const isKnown = n + 1 >= LEAST_STEPS
  const isAfterGap = isGap || (state.g !== undefined && n < state.g)
  const { rare, which } = isKnown && !isAfterGap ? findRarest(h, sizes) : NOTHING_RARE
  const score = Math.min(1, rare / RAREST)
  const recentEpisode = state.e !== undefined && n + 1 - state.e[0] < REST_STEPS ? state.e : undefined
  const isNew =
    score >= settings.threshold && (recentEpisode === undefined || isOther(recentEpisode, which, score))
  const e = isNew
    ? createEpisode(n + 1, score, which, computeFeatureBand(settings, state, which, season))
    : recentEpisode?.[6] === 1 && !isStillLasting(recentEpisode, h, x, sizes)
      ? endEpisode(recentEpisode)
      : recentEpisode
  const isUnusual = e?.[6] === 1
  const hasRested = ends && state.e !== undefined && n + 1 - state.e[0] === REST_STEPS
  const { m, s } = hasRested ? withAcceptedLevel(means) : means
  const buckets = sizes.map((size, feature) => chooseLarger(computeBucket(size), state.b?.[feature]))
  const counts = ends && !(isUnusual && n % DAMPING > 0)
  const next: Learned = {
    n: ends ? n + 1 : n,
    t: [state.t[0], timeMs, everyMs],
    x: value,
    m,
    s,
    h: counts ? withCounts(h, buckets, n % STUCK_STEPS === 0 ? undefined : STUCK) : h,
    r: e ? r : withDistance(r, timeMs, x - m[3], s[1]),
    ...(ends ? {} : { b: buckets.map(bucket => bucket ?? null) }),
    v: [state.v[0] + (value > state.x ? 1 : 0), state.v[1] + (value < state.x ? 1 : 0)],
    ...(state.up && { up: true }),
    ...(isGap ? { g: n + AFTER_GAP } : isAfterGap && { g: state.g as number }),
    ...(e && { e }),
  }
  if (!state.up && next.n === LEAST_STEPS && n < LEAST_STEPS && isCounter(next))
    return createUnscoredResult(
      { ...createState(timeMs, value - state.x), t: next.t, x: value, up: true },
      value,
    )
  if (isUnusual && e) return { state: next, ...describeEpisode(e), isNew }
  const near = computeFeatureBand(settings, state, SPIKE)
  return {
    state: next,
    score: isKnown ? (recentEpisode ? 0 : score) : undefined,
    why: FEATURES[which]?.why,
    isNew: false,
    ...near,
  }
}

function computePace({ t: [, lastMs, beforeMs] }: Learned, timeMs: number) {
  const pauseMs = timeMs - lastMs
  const everyMs =
    beforeMs === 0 ? pauseMs : beforeMs + OF_INTERVAL * (Math.min(pauseMs, 5 * beforeMs) - beforeMs)
  const isFast = everyMs < STEP_MS
  return {
    everyMs,
    isFast,
    isGap: beforeMs > 0 && pauseMs > GAP * Math.max(beforeMs, STEP_MS),
    ends: !isFast || Math.floor(timeMs / STEP_MS) !== Math.floor(lastMs / STEP_MS),
  }
}

const NOTHING_RARE = { rare: 0, which: -1 }

/** Returns the largest rarity, and the first feature that is nearly as rare: a jump is a spike, although it is a spread as well. */
function findRarest(h: Histograms, sizes: readonly number[]): typeof NOTHING_RARE {
  let [rare, whose, which] = [0, 0, -1]
  for (let feature = 0; feature < sizes.length; feature += 1) {
    const own = getWeight(feature) * computeRarity(h, feature, sizes[feature] as number)
    if (own * NEARLY > whose) [whose, which] = [own, feature]
    if (own > rare) rare = own
  }
  return { rare, which }
}

/** Returns the means with the longer mean as the level, if the value has been steady there since the anomaly began. */
function withAcceptedLevel({ m, s }: RunningMeans): RunningMeans {
  const [fast, short, long, level] = m
  const shift = Math.abs(long - level)
  return shift > s[1] && Math.abs(short - long) < shift / 2 ? { m: [fast, short, long, long], s } : { m, s }
}

/** Returns whether this is another anomaly than the one that is known: a rarer one, of another kind. */
function isOther([, score, feature]: Episode, which: number, now: number): boolean {
  return FEATURES[feature]?.why !== FEATURES[which]?.why && now >= OTHER * score
}

/** Returns whether the value, and of a level its mean, is still beyond what was expected, or what was unusual still is. */
function isStillLasting(
  [, score, feature, expected, low, high]: Episode,
  h: Histograms,
  x: number,
  sizes: readonly number[],
): boolean {
  const why = FEATURES[feature]?.why
  const size = sizes[feature] ?? 0
  const isOutside = (low !== null && x < low) || (high !== null && x > high)
  if (why === 'spike') return isOutside
  const limit = feature % 2 === 0 ? high : low
  if (why === 'level' && isOutside && limit !== null && size > Math.abs(limit - expected)) return true
  return getWeight(feature) * computeRarity(h, feature, size) >= LASTS * score * RAREST
}

/** Returns the band of the feature that made a reading unusual. The spread has none: its values are within the band of a spike. */
function computeFeatureBand(settings: Settings, { h, m }: Learned, feature: number, season = 0): Expected {
  const [fast, short, , level] = m
  const why = FEATURES[feature]?.why
  if (why === 'level') return computeBand(settings, h, feature - (feature % 2), level + season)
  return why === 'rhythm'
    ? computeBand(settings, h, RHYTHM, short + season)
    : computeBand(settings, h, SPIKE, fast)
}

/** @param feature feature of the upper side; the lower side is the next one */
function computeBand({ threshold }: Settings, h: Histograms, feature: number, expected: number): Expected {
  const rare = (threshold * RAREST) / getWeight(feature)
  return {
    expected,
    low: expected - computeLimit(h, feature + 1, rare),
    high: expected + computeLimit(h, feature, rare),
  }
}

function createEpisode(
  step: number,
  score: number,
  feature: number,
  { expected, low, high }: Expected,
): Episode {
  return [step, score, feature, expected, toFiniteOrNull(low), toFiniteOrNull(high), 1]
}

function describeEpisode(e: Episode) {
  const [, score, feature, expected, low, high] = e
  return {
    ...{ score, why: FEATURES[feature]?.why, isNew: false, expected },
    ...{ low: low ?? Number.NEGATIVE_INFINITY, high: high ?? Number.POSITIVE_INFINITY },
  }
}

function endEpisode([step, score, feature, expected, low, high]: Episode): Episode {
  return [step, score, feature, expected, low, high, 0]
}

/** JSON has no infinity. */
function toFiniteOrNull(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}

function isCounter({ n, v: [rises, falls] }: Learned): boolean {
  return rises > n / 2 && falls <= n * FALLS
}

function chooseLarger(bucket: number | undefined, before: number | null | undefined): number | undefined {
  if (before === undefined || before === null) return bucket
  return bucket === undefined ? before : Math.max(bucket, before)
}

function getWeight(feature: number): number {
  return FEATURES[feature]?.weight ?? 1
}
