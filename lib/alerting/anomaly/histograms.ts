/** Histograms with logarithmic buckets: how often was a number as large as this one? All histograms of an entity are one value. Pure. */

/** Counts of the buckets of all histograms, first bucket of each (null before a number above 0), and numbers counted by each. */
export interface Histograms {
  readonly c: readonly number[]
  readonly o: readonly (number | null)[]
  readonly n: readonly number[]
}

const BUCKETS = 26
/** Bucket of the first number, so that most of the numbers that follow have a bucket. Others move the histogram, or count as least. */
const FIRST = 14
/** Number from which on all counts are halved, so that old numbers count less: a month of steps. */
const MAX_COUNT = 8_192
/** Buckets by which one number moves a histogram, so that one outlier does not put all others into the first bucket. */
const MOST_MOVED = 6
/** Minimum number of counted numbers. With fewer, no number is rare. */
const FEWEST = 30
const LEAST = 1e-9

/** Shape of the histograms, chosen with the benchmark. */
const SHAPE = {
  /** Buckets for each power of 2. */
  perOctave: 2.3,
  /** Powers of 10 by which a number beyond the largest one is rarer for each factor of 10, and how many at most. */
  beyond: 8,
  mostBeyond: 2,
  /** Powers of 10 by which the first number above 0 is rarer. */
  fromNothing: 1,
}

export function emptyHistograms(count: number): Histograms {
  return { c: Array(BUCKETS * count).fill(0), o: Array(count).fill(null), n: Array(count).fill(0) }
}

/** Returns how rare a number of this size or more is, as a power of 10: 3 means one in 1,000. */
export function computeRarity({ c, o, n }: Histograms, which: number, value: number): number {
  const total = n[which] as number
  const first = o[which] as number | null
  if (total < FEWEST || !(value > LEAST)) return 0
  if (first === null) return toRarity(0, total) + SHAPE.fromNothing
  const place = Math.max(0, Math.log2(value) * SHAPE.perOctave - first)
  const own = Math.floor(place)
  const largest = findLargestBucket(c, which)
  let above = 0
  for (let bucket = largest; bucket > own; bucket -= 1) above += count(c, which, bucket)
  if (own <= largest) above += count(c, which, own) * (1 - (place - own))
  const rare = toRarity(above, total)
  return place > largest + 1 ? rare + Math.min(SHAPE.mostBeyond, (place - largest - 1) * perBucket()) : rare
}

/**
 * Returns the size from which a number is as rare as this; infinity if the histogram does not know. If no number was above 0 yet, any
 * size is.
 */
export function computeLimit({ c, o, n }: Histograms, which: number, rare: number): number {
  const total = n[which] as number
  const first = o[which] as number | null
  if (total < FEWEST) return Number.POSITIVE_INFINITY
  if (first === null) return LEAST
  const largest = findLargestBucket(c, which)
  const wanted = (total + 1) * 10 ** -rare - 0.5
  let place = largest + 1
  if (wanted <= 0) {
    const missing = rare - toRarity(0, total)
    if (missing > SHAPE.mostBeyond) return Number.POSITIVE_INFINITY
    place += missing / perBucket()
  } else {
    let above = 0
    for (let bucket = largest; bucket >= 0; bucket -= 1) {
      const own = count(c, which, bucket)
      place = bucket
      if (above + own >= wanted) {
        place = bucket + 1 - (wanted - above) / own
        break
      }
      above += own
    }
  }
  return 2 ** ((place + first) / SHAPE.perOctave)
}

/** Returns the bucket of a number on a scale that all histograms share; undefined for a number that counts as 0. */
export function computeBucket(value: number): number | undefined {
  return value > LEAST ? Math.floor(Math.log2(value) * SHAPE.perOctave) : undefined
}

/**
 * Returns the histograms with one more number in each.
 *
 * @param buckets bucket of each number; undefined for 0
 * @param noRecords histogram that does not count a number beyond its largest one
 */
export function withCounts(
  { c, o, n }: Histograms,
  buckets: readonly (number | undefined)[],
  noRecords?: number,
): Histograms {
  const [counts, firsts, totals] = [c.slice(), o.slice(), n.slice()]
  for (let which = 0; which < buckets.length; which += 1) {
    const bucket = buckets[which]
    if ((totals[which] as number) >= MAX_COUNT) halve(counts, totals, which)
    totals[which] = (totals[which] as number) + 1
    if (bucket === undefined) continue
    const first = firsts[which] ?? bucket - FIRST
    firsts[which] = first
    let place = Math.max(0, bucket - first)
    if (which === noRecords && place > findLargestBucket(counts, which) && (totals[which] as number) > FEWEST)
      continue
    if (place >= BUCKETS) {
      const by = Math.min(MOST_MOVED, place - BUCKETS + 1)
      move(counts, which, by)
      firsts[which] = first + by
      place = BUCKETS - 1
    }
    counts[which * BUCKETS + place] = count(counts, which, place) + 1
  }
  return { c: counts, o: firsts, n: totals }
}

function findLargestBucket(counts: readonly number[], which: number): number {
  let largest = BUCKETS - 1
  while (largest >= 0 && count(counts, which, largest) === 0) largest -= 1
  return largest
}

function toRarity(above: number, total: number): number {
  return Math.max(0, -Math.log10((above + 0.5) / (total + 1)))
}

function perBucket(): number {
  return (SHAPE.beyond * Math.log10(2)) / SHAPE.perOctave
}

function count(counts: readonly number[], which: number, bucket: number): number {
  return counts[which * BUCKETS + bucket] as number
}

function halve(counts: number[], totals: number[], which: number): void {
  totals[which] = (totals[which] as number) >> 1
  for (let at = which * BUCKETS; at < (which + 1) * BUCKETS; at += 1) counts[at] = (counts[at] as number) >> 1
}

/** Moves the histogram to larger numbers. The smallest ones share the first bucket. */
function move(counts: number[], which: number, by: number): void {
  const at = which * BUCKETS
  const before = counts.slice(at, at + BUCKETS)
  counts.fill(0, at, at + BUCKETS)
  for (const [bucket, own] of before.entries()) {
    const to = at + Math.max(0, bucket - by)
    counts[to] = (counts[to] as number) + own
  }
}
