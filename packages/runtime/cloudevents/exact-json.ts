/** Parses JSON and rejects numbers that JavaScript cannot represent exactly. */

/**
 * Returns true for the error of a JSON number that a double cannot represent. A process would receive a different number than the
 * producer sent.
 */
export function isInexact(error: unknown): error is RangeError {
  return error instanceof RangeError && error.name === 'InexactNumber'
}

/**
 * Matches text whose numbers may be inexact: a number that begins with 16 digits, or whose exponent has three digits. Numbers in
 * other text are not checked, because the check takes several times as long as parsing. In an object or a list, a number always
 * follows a colon, a comma, a bracket or white space. Most digits in strings do not. This matters, for example, for trace ids,
 * which often look like numbers with an exponent.
 */
const SUSPICIOUS = /[:,[ \t\r\n]-?(?:\d{16}|\d+(?:\.\d+)?[eE]\+?\d{3})/
/** Matches a document that is a single number. */
const NUMBER = /^-?\d/

/** Matches a JSON number without fraction and exponent. */
const INTEGER = /^-?\d+$/

/**
 * Parses a JSON text. An integer may be an id or a count, so it must keep all digits; otherwise two different
 * integers could become the same number. A number with a decimal point is a measurement and is rounded to the
 * nearest double.
 *
 * @param mayBeInexact false if it is known that no number needs a check
 * @throws SyntaxError if the text is not JSON; a RangeError that `isInexact` recognises if an integer would
 *   lose digits, or if a number is too large for a double
 */
export function parseExact(text: string, mayBeInexact = SUSPICIOUS.test(text) || NUMBER.test(text)): unknown {
  return mayBeInexact ? JSON.parse(text, exact) : JSON.parse(text)
}

/**
 * Parses a JSON text. An integer of up to 64 bits that a double cannot represent exactly becomes a bigint, so that the reader of a
 * field decides what to do with it.
 *
 * @throws SyntaxError if the text is not JSON; the RangeError of `parseExact` for any other number that it rejects
 */
export function parseWithBigInts(text: string): unknown {
  return SUSPICIOUS.test(text) ? JSON.parse(text, exactOrBigInt) : JSON.parse(text)
}

/** Matches an integer of up to 64 bits. The time for converting longer ones grows with the square of their length. */
const LONG = /^-?\d{16,20}$/

function exactOrBigInt(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value) && LONG.test(context?.source ?? '')
  return isLong ? BigInt(context?.source as string) : exact(name, value, context)
}

function exact(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value
  const source = context?.source ?? String(value)
  const keepsDigits = Number.isSafeInteger(value) || !INTEGER.test(source) || String(value) === source
  if (!Number.isFinite(value) || !keepsDigits)
    throw Object.assign(
      new RangeError(
        `the number ${name === '' ? 'that is the document' : `"${name.slice(0, 40)}"`} cannot be represented exactly as a double: ` +
          'round it, or send it as text if nothing is computed with it',
      ),
      { name: 'InexactNumber' },
    )
  return value
}
