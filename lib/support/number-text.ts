/** Reads numbers that are written as texts. Pure. */

/** Maximum length of a text that is read as a number or matched with a pattern, in characters. */
export const MAX_READ_CHARACTERS = 1_000

/** Numbers by their decimal sign. Signs between thousands are not accepted, because one sign can mean both. */
const NUMBERS = {
  '.': /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i,
  ',': /^[+-]?(?:\d+(?:,\d*)?|,\d+)(?:e[+-]?\d+)?$/i,
}

const NOT_FINITE = /^[+-]?(?:nan|inf|infinity|∞)$/i

/** Returns the number that a text contains, or the reason why it contains none. Spaces around the number are allowed. */
export function readNumber(
  text: string,
  decimal: '.' | ',' = '.',
): { readonly value: number } | { readonly problem: string } {
  if (text.length > MAX_READ_CHARACTERS)
    return { problem: `must be a number of at most ${MAX_READ_CHARACTERS} characters` }
  const trimmed = text.trim()
  if (NUMBERS[decimal].test(trimmed)) return { value: Number(trimmed.replace(',', '.')) }
  return NOT_FINITE.test(trimmed)
    ? { problem: 'must be a number that is finite' }
    : { problem: decimal === '.' ? 'must be a number' : 'must be a number such as "22,5"' }
}

/**
 * Returns whether a double keeps all digits of a text that is an integer, and is finite. As for numbers of JSON, a number with a
 * fraction or an exponent is a measurement, and may be rounded.
 */
export function keepsDigits(text: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  const digits = /^[+-]?0*([1-9]\d*)$/.exec(text.trim())?.[1]
  return Number.isSafeInteger(value) || digits === undefined || String(Math.abs(value)) === digits
}
