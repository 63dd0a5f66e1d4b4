/** Sketches of bounded size for percentiles and the number of distinct values. Their results are approximate. Pure. */
import { hash } from 'node:crypto'
import mappings from '@datadog/sketches-js/dist/ddsketch/mapping/index.js'
import type { Scalar } from './plan.ts'

/**
 * Relative error of a percentile. With it, the bins of each sign cover values that differ by a factor of 700 million. Smaller ones
 * are counted in the lowest of these bins.
 */
const PERCENTILE_ERROR = 0.02
const MAX_BINS = 512
const MAPPING = new mappings.LogarithmicMapping(PERCENTILE_ERROR)

/**
 * Values of a percentile: those of the DDSketch algorithm, with bins of the library `sketches-js`. A list has a key and a number of
 * values for each bin with values, one after the other, sorted by key.
 */
export interface Percentiles {
  /** Bins of positive values. */
  readonly p?: readonly number[]
  /** Bins of negative values, by their absolute values. */
  readonly n?: readonly number[]
  /** Number of zeros. */
  readonly z?: number
}

export function withValue(sketch: Percentiles, value: number): Percentiles {
  const size = Math.abs(value)
  if (size <= MAPPING.minPossible) return { ...sketch, z: (sketch.z ?? 0) + 1 }
  const bin = [MAPPING.key(Math.min(size, MAPPING.maxPossible)), 1]
  return mergedPercentiles(sketch, value > 0 ? { p: bin } : { n: bin })
}

export function mergedPercentiles(a: Percentiles, b: Percentiles): Percentiles {
  const [p, n] = [mergedBins(a.p, b.p), mergedBins(a.n, b.n)]
  const zeros = (a.z ?? 0) + (b.z ?? 0)
  return { ...(p && { p }), ...(n && { n }), ...(zeros > 0 && { z: zeros }) }
}

/** @param fraction from 0 to 1 */
export function percentile({ p = [], n = [], z = 0 }: Percentiles, fraction: number): number | null {
  const count = valuesIn(p) + valuesIn(n) + z
  if (count === 0) return null
  const rank = fraction * (count - 1)
  let passed = 0
  for (let at = n.length - 2; at >= 0; at -= 2) {
    passed += n[at + 1] as number
    if (passed > rank) return -MAPPING.value(n[at] as number)
  }
  passed += z
  if (passed > rank) return 0
  for (let at = 0; at < p.length; at += 2) {
    passed += p[at + 1] as number
    if (passed > rank) return MAPPING.value(p[at] as number)
  }
  return null
}

function valuesIn(bins: readonly number[]): number {
  let count = 0
  for (let at = 1; at < bins.length; at += 2) count += bins[at] as number
  return count
}

function mergedBins(a: readonly number[] = [], b: readonly number[] = []): readonly number[] | undefined {
  if (a.length === 0 || b.length === 0) return a.length + b.length === 0 ? undefined : a.length > 0 ? a : b
  const lowest = Math.max(a.at(-2) as number, b.at(-2) as number) - MAX_BINS + 1
  const merged: number[] = []
  for (let [left, right] = [0, 0]; left < a.length || right < b.length; ) {
    const isLeft = right >= b.length || (a[left] as number) <= (b[right] as number)
    const key = Math.max((isLeft ? a[left] : b[right]) as number, lowest)
    const count = (isLeft ? a[left + 1] : b[right + 1]) as number
    if (merged.at(-2) === key) merged[merged.length - 1] = (merged.at(-1) as number) + count
    else merged.push(key, count)
    if (isLeft) left += 2
    else right += 2
  }
  return merged
}

/**
 * Distinct values, as text: a sorted list of up to 128 hashes of seven characters, or 1,024 registers of a HyperLogLog, with one
 * character each. Six bits a character.
 */
export type Distinct = string

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const HASH_LENGTH = 7
const MAX_HASHES = 128
const REGISTER_BITS = 10
const REGISTERS = 2 ** REGISTER_BITS
/** Number of bits of a hash in which leading zeros are counted. */
const RANK_BITS = 6 * HASH_LENGTH - REGISTER_BITS

export function withDistinct(known: Distinct, value: Exclude<Scalar, null>): Distinct {
  const one = hash('sha256', JSON.stringify(value), 'base64url').slice(0, HASH_LENGTH)
  if (known.length < REGISTERS) return mergedDistinct(known, one)
  const { register, rank } = placeOf(one)
  return rank <= rankAt(known, register)
    ? known
    : known.slice(0, register) + ALPHABET[rank] + known.slice(register + 1)
}

export function mergedDistinct(a: Distinct, b: Distinct): Distinct {
  if (a.length < REGISTERS && b.length < REGISTERS) {
    const hashes = [...new Set([...hashesIn(a), ...hashesIn(b)])].sort()
    if (hashes.length <= MAX_HASHES) return hashes.join('')
    return registersOf(hashes)
  }
  const [left, right] = [registersOf(a), registersOf(b)]
  let merged = ''
  for (let at = 0; at < REGISTERS; at += 1) merged += ALPHABET[Math.max(rankAt(left, at), rankAt(right, at))]
  return merged
}

/** Returns the number of distinct values: exact for up to 128, and with a standard error of 3 % for more. */
export function distinctCount(known: Distinct): number {
  return known.length < REGISTERS ? known.length / HASH_LENGTH : Math.round(estimate(known))
}

function hashesIn(known: Distinct): readonly string[] {
  return Array.from({ length: known.length / HASH_LENGTH }, (_, at) =>
    known.slice(at * HASH_LENGTH, (at + 1) * HASH_LENGTH),
  )
}

function registersOf(known: Distinct | readonly string[]): string {
  if (typeof known === 'string' && known.length === REGISTERS) return known
  const ranks = new Array<number>(REGISTERS).fill(0)
  for (const one of typeof known === 'string' ? hashesIn(known) : known) {
    const { register, rank } = placeOf(one)
    ranks[register] = Math.max(ranks[register] as number, rank)
  }
  return ranks.map(rank => ALPHABET[rank]).join('')
}

/** Returns the register of a hash, and the position of the first bit that is set in the rest of it. */
function placeOf(one: string): { readonly register: number; readonly rank: number } {
  let bits = 0
  for (const character of one) bits = bits * ALPHABET.length + ALPHABET.indexOf(character)
  const rest = Math.floor(bits / REGISTERS)
  return {
    register: bits % REGISTERS,
    rank: rest === 0 ? RANK_BITS + 1 : RANK_BITS - Math.floor(Math.log2(rest)),
  }
}

function rankAt(registers: string, register: number): number {
  return ALPHABET.indexOf(registers[register] as string)
}

/**
 * Estimates the number of distinct values from the registers, for all numbers without tables of corrections: Otmar Ertl, "New
 * cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6.
 */
function estimate(registers: string): number {
  const counts = new Array<number>(RANK_BITS + 2).fill(0)
  for (let at = 0; at < REGISTERS; at += 1) {
    const rank = rankAt(registers, at)
    counts[rank] = (counts[rank] as number) + 1
  }
  let z = REGISTERS * tau(1 - (counts[RANK_BITS + 1] as number) / REGISTERS)
  for (let rank = RANK_BITS; rank >= 1; rank -= 1) z = 0.5 * (z + (counts[rank] as number))
  z += REGISTERS * sigma((counts[0] as number) / REGISTERS)
  return (REGISTERS * REGISTERS) / (2 * Math.LN2 * z)
}

function sigma(share: number): number {
  let [power, factor, sum] = [share, 1, share]
  for (let before = Number.NaN; before !== sum; factor *= 2) {
    before = sum
    power *= power
    sum += power * factor
  }
  return sum
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let [root, factor, sum] = [share, 1, 1 - share]
  for (let before = Number.NaN; before !== sum; ) {
    before = sum
    root = Math.sqrt(root)
    factor *= 0.5
    sum -= (1 - root) ** 2 * factor
  }
  return sum / 3
}
