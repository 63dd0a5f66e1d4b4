/**
 * Exact sums of numbers, so that a sum does not depend on the order of its numbers. A sum is an integer times a power of two. It is
 * stored as text, such as `-1fp-3` for -31/8. Pure.
 */
interface Exact {
  readonly digits: bigint
  readonly exponent: number
}

export const ZERO = '0'

/** Number of binary digits that are enough to round a sum to a number. */
const ROUNDED_DIGITS = 64

export function withNumber(sum: string, value: number): string {
  return formatSum(addExact(parseSum(sum), toExact(value)))
}

export function withSquare(sum: string, value: number): string {
  return formatSum(addExact(parseSum(sum), squareExact(toExact(value))))
}

export function addSums(a: string, b: string): string {
  return formatSum(addExact(parseSum(a), parseSum(b)))
}

/** Returns the number that is nearest to the sum. */
export function toNumber(sum: string): number {
  return roundExact(parseSum(sum))
}

/** Returns the sum of the squared distances of values from their mean, from their number, their sum and the sum of their squares. */
export function squaredDistances(count: number, sum: string, squares: string): number {
  // The difference is exact. With rounded sums, it would lose all digits if the spread is small compared with the mean.
  const { digits, exponent } = parseSum(squares)
  const square = squareExact(parseSum(sum))
  const difference = addExact(
    { digits: digits * BigInt(count), exponent },
    { ...square, digits: -square.digits },
  )
  return roundExact(difference) / count
}

const FLOAT = new Float64Array(1)
const BITS = new BigUint64Array(FLOAT.buffer)

function toExact(value: number): Exact {
  if (Number.isSafeInteger(value)) return { digits: BigInt(value), exponent: 0 }
  FLOAT[0] = value
  const bits = BITS[0] as bigint
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 0x10000000000000n)
  return { digits: value < 0 ? -fraction : fraction, exponent: Math.max(biased, 1) - 1075 }
}

function addExact(a: Exact, b: Exact): Exact {
  const exponent = Math.min(a.exponent, b.exponent)
  return {
    digits: (a.digits << BigInt(a.exponent - exponent)) + (b.digits << BigInt(b.exponent - exponent)),
    exponent,
  }
}

function squareExact({ digits, exponent }: Exact): Exact {
  return { digits: digits * digits, exponent: 2 * exponent }
}

/** Returns the only text of a sum: its integer is odd, or the sum is zero. */
function formatSum({ digits, exponent }: Exact): string {
  if (digits === 0n) return ZERO
  const zeros = (digits & -digits).toString(2).length - 1
  return `${(digits >> BigInt(zeros)).toString(16)}p${exponent + zeros}`
}

function parseSum(sum: string): Exact {
  const [digits = '', exponent = 0] = sum.split('p')
  return {
    digits: digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`),
    exponent: Number(exponent),
  }
}

function roundExact({ digits, exponent }: Exact): number {
  const size = digits < 0n ? -digits : digits
  const excess = Math.max(size.toString(16).length * 4 - ROUNDED_DIGITS, 0)
  const leadingDigits = size >> BigInt(excess)
  // A remainder decides between two numbers that are equally near to the digits that are left.
  const isExact = leadingDigits << BigInt(excess) === size
  const value = Number(isExact ? leadingDigits : leadingDigits | 1n) * (digits < 0n ? -1 : 1)
  // In two steps, because the power of two itself may be too small for a number.
  const half = Math.trunc((exponent + excess) / 2)
  return value * 2 ** half * 2 ** (exponent + excess - half) + 0
}
