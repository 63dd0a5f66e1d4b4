/** Means of a metric, and the features by which a reading can be unusual. Pure. */

/** Exponential means. Their keys are short, because they are stored. */
export interface RunningMeans {
  /** Means of the values, from fast to slow: of the last few, a short and a longer one without rhythm, and the level of days. */
  readonly m: readonly [fast: number, short: number, long: number, level: number]
  /** Mean size of the last moves, and of the distance from the level. */
  readonly s: readonly [moves: number, distance: number]
}

/** Kinds of anomalies. */
export type AnomalyKind = 'spike' | 'level' | 'rhythm' | 'spread' | 'stuck'

/** Features, and the weights of their rarities. A feature with two sides has two rows, the upper side first. */
export const FEATURES: readonly { readonly why: AnomalyKind; readonly weight: number }[] = [
  { why: 'spike', weight: 1 },
  { why: 'spike', weight: 1 },
  { why: 'level', weight: 1 },
  { why: 'level', weight: 1 },
  { why: 'level', weight: 1 },
  { why: 'level', weight: 1 },
  { why: 'spread', weight: 1.1 },
  { why: 'stuck', weight: 0.8 },
  { why: 'rhythm', weight: 0.8 },
  { why: 'rhythm', weight: 0.8 },
]
export const [SPIKE, STUCK, RHYTHM] = [0, 7, 8]

/** Shares of a step in the means. */
const RATES = { fast: 0.27, short: 0.06, long: 0.03, moves: 0.035, level: 1 / 4_000 }

/** Share of the usual distance from the level below which moves are no move. */
const STILL = 1e-3
/** Distances from the level count up to this multiple of the usual distance. */
const CLIP = 64
/** Steps before distances are clipped. */
const UNCLIPPED = 200

/** How much a reading counts. */
export interface ReadingWeight {
  /** Number of steps with this one. */
  readonly steps: number
  /** Share of a step since the last reading, at most 1. */
  readonly share: number
}

/** Returns the means with a reading, and the sizes of its features. Those of an unknown rhythm are left out. */
export function withReading(
  { m, s }: RunningMeans,
  x: number,
  season: number | undefined,
  { steps, share }: ReadingWeight,
): { readonly means: RunningMeans; readonly sizes: readonly number[] } {
  // The first steps count alike.
  const least = 1 / steps
  const by = (rate: number) => Math.max(rate, least) * share
  const [fast, before, long, level] = m
  const steady = x - (season ?? 0)
  const move = x - fast
  const short = before + by(RATES.short) * (steady - before)
  const longer = long + by(RATES.long) * (steady - long)
  const moves = s[0] + by(RATES.moves) * (Math.abs(move) - s[0])
  const clip = steps <= UNCLIPPED ? Number.POSITIVE_INFINITY : CLIP * s[1]
  const away = Math.max(-clip, Math.min(clip, x - level))
  const distance = s[1] + by(RATES.level) * (Math.abs(away) - s[1])
  const still = 1 / (moves + Math.max(s[1] * STILL, Number.EPSILON))
  const up = short - level
  const longUp = longer - level
  const off = steady - before
  const sizes = [move, -move, up, -up, longUp, -longUp, moves, still]
  return {
    means: {
      m: [fast + by(RATES.fast) * move, short, longer, level + by(RATES.level) * away],
      s: [moves, distance],
    },
    sizes: season === undefined ? sizes : [...sizes, off, -off],
  }
}
