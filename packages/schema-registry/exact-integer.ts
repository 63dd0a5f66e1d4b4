/** A 64-bit integer does not fit into a double: who reads it would see another number than was sent. */
export class InexactNumberError extends Error {
  override readonly name = 'InexactNumberError'

  constructor() {
    super('an integer is larger than a double holds digit by digit: send it as text')
  }
}

/**
 * The integer as a number that JavaScript writes with the same digits.
 *
 * @throws InexactNumberError if there is none
 */
export function exactInteger(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) || String(number) === value.toString()) return number
  throw new InexactNumberError()
}
