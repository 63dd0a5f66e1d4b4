/** Writes numbers for people. Pure. */

const DIGITS = 6
const MAX_DIGITS = 17

type Limit = number | null | undefined

/**
 * Returns a number with six significant digits, or with all digits of its whole part. It has more digits where it would otherwise be
 * on another side of a limit than the number itself.
 *
 * @param limits limits that are shown beside the number
 */
export function shortNumber(value: number, limits: readonly Limit[] = []): number {
  const numericLimits = limits.filter(limit => typeof limit === 'number')
  for (let digits = DIGITS; digits < MAX_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits))
    const isSameSide = numericLimits.every(limit => Math.sign(short - limit) === Math.sign(value - limit))
    if (isSameSide && Math.abs(short - value) <= 0.5) return short
  }
  return value
}

/** Returns a number with its unit, such as `41.2 °C`. @param number the number, or its text */
export function formatQuantity(number: number | string, unit: string | null | undefined): string {
  return hasSymbol(unit) ? `${number} ${unit}` : `${number}`
}

/** Returns whether a unit is shown behind a number. Counts, and metrics without a unit, are shown as numbers only. */
export function hasSymbol(unit: string | null | undefined): unit is string {
  return typeof unit === 'string' && unit !== '' && unit !== '1'
}
