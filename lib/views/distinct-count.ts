/** Sketch of bounded size for the number of distinct values. Its result is approximate. Pure. */
import { hash } from 'node:crypto'
import type { Scalar } from './plan.ts'

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
  if (known.length < REGISTERS) return mergeDistinct(known, one)
  const { register, rank } = splitHash(one)
  return rank <= rankAt(known, register)
    ? known
    : known.slice(0, register) + ALPHABET[rank] + known.slice(register + 1)
}

export function mergeDistinct(a: Distinct, b: Distinct): Distinct {
  if (a.length < REGISTERS && b.length < REGISTERS) {
    const hashes = [...new Set([...listHashes(a), ...listHashes(b)])].sort()
    if (hashes.length <= MAX_HASHES) return hashes.join('')
    return toRegisters(hashes)
  }
  const [left, right] = [toRegisters(a), toRegisters(b)]
  let merged = ''
  for (let at = 0; at < REGISTERS; at += 1) merged += ALPHABET[Math.max(rankAt(left, at), rankAt(right, at))]
  return merged
}

/** Returns the number of distinct values: exact for up to 128, and with a standard error of 3 % for more. */
export function countDistinct(known: Distinct): number {
  return known.length < REGISTERS ? known.length / HASH_LENGTH : Math.round(estimate(known))
}

function listHashes(known: Distinct): readonly string[] {
  return Array.from({ length: known.length / HASH_LENGTH }, (_, at) =>
    known.slice(at * HASH_LENGTH, (at + 1) * HASH_LENGTH),
  )
}

function toRegisters(known: Distinct | readonly string[]): string {
  if (typeof known === 'string' && known.length === REGISTERS) return known
  const ranks = new Array<number>(REGISTERS).fill(0)
  for (const hashed of typeof known === 'string' ? listHashes(known) : known) {
    const { register, rank } = splitHash(hashed)
    ranks[register] = Math.max(ranks[register] as number, rank)
  }
  return ranks.map(rank => ALPHABET[rank]).join('')
}

/** Returns the register of a hash, and the position of the first bit that is set in the rest of it. */
function splitHash(one: string): { readonly register: number; readonly rank: number } {
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
