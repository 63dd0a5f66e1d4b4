/** Parses JSON and rejects numbers that JavaScript would silently change. */

/** Whether a number in the JSON does not fit into a double: a process would see another number than was sent. */
export function isInexact(error: unknown): error is RangeError {
  return error instanceof RangeError && error.name === 'InexactNumber'
}

/**
 * Matches text whose numbers may be inexact: a number that begins with sixteen digits, or whose exponent has three. In other text the
 * numbers need no check, which would take several times as long as parsing. A number in an object or a list follows one of these
 * characters, and most digits in strings do not: ids of traces often look like numbers with an exponent.
 */
const SUSPICIOUS = /[:,[ \t\r\n]-?(?:\d{16}|\d+(?:\.\d+)?[eE]\+?\d{3})/
/** The whole document is a number. */
const NUMBER = /^-?\d/

/** A JSON number without fraction and exponent. */
const INTEGER = /^-?\d+$/

/**
 * The value of a JSON text. An integer may be an id or a count, so it must keep its digits: JavaScript must write it exactly as
 * it was, or two different integers could become one. A number with a decimal point is a measurement and is rounded to the
 * nearest double.
 *
 * @param mayBeInexact false if it is known that no number needs a check
 * @throws SyntaxError if the text is not JSON; a RangeError that `isInexact` knows if an integer does not keep its digits, or if a number is too large
 *   for a double
 */
export function parseExact(text: string, mayBeInexact = SUSPICIOUS.test(text) || NUMBER.test(text)): unknown {
  return mayBeInexact ? JSON.parse(text, exact) : JSON.parse(text)
}

function exact(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value
  const source = context?.source ?? String(value)
  const keepsDigits = Number.isSafeInteger(value) || !INTEGER.test(source) || String(value) === source
  if (!Number.isFinite(value) || !keepsDigits)
    throw Object.assign(
      new RangeError(
        `the number ${name === '' ? 'that is the document' : `"${name.slice(0, 40)}"`} is larger than a double holds digit by digit: ` +
          'send it as text',
      ),
      { name: 'InexactNumber' },
    )
  return value
}
