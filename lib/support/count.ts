/**
 * Returns a number and the noun that it counts, such as `1 rule` or `2 rules`.
 *
 * @param what noun in the singular
 */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

export function computeSum(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** Returns the sum; null if a number is unknown, because a partial sum would be misleading. */
export function sumIfKnown(numbers: readonly (number | null)[]): number | null {
  return numbers.every(number => number !== null) ? computeSum(numbers) : null
}
