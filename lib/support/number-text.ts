/** Reads numbers that are written as texts. Pure. */

/** Maximum length of a text that is read as a number or matched with a pattern, in characters. */
export const MAX_READ_CHARACTERS = 1_000

/** Numbers by their decimal sign. Signs between thousands are not accepted, because one sign can mean both. */
const NUMBERS = {
  '.': /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i,
  ',': /^[+-]?(?:\d+(?:,\d*)?|,\d+)(?:e[+-]?\d+)?$/i,
}

/** Returns the number that a text contains, or the reason why it contains none. Spaces around the number are allowed. */
export function readNumber(
  text: string,
  decimal: '.' | ',' = '.',
): { readonly value: number } | { readonly problem: string } {
  if (text.length > MAX_READ_CHARACTERS)
    return { problem: `must be a number of at most ${MAX_READ_CHARACTERS} characters` }
  const trimmed = text.trim()
  return NUMBERS[decimal].test(trimmed)
    ? { value: Number(trimmed.replace(',', '.')) }
    : { problem: decimal === '.' ? 'must be a number' : 'must be a number such as "22,5"' }
}
