/** Conversions for values that are read from JSON or written as JSON. */
import { UndecodableError, UnencodableError } from './errors.ts'

/**
 * Converts an integer to a number with the same digits.
 *
 * @throws UndecodableError if a double cannot represent the integer exactly
 */
export function exactInteger(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) || String(number) === value.toString()) return number
  throw new UndecodableError(
    'an integer cannot be represented exactly as a double: send it as text',
    'number-not-exact',
  )
}

/** @throws UnencodableError for a text with an unpaired surrogate, which UTF-8 does not have: readers would see another text */
export function requireWellFormed(value: unknown, path: readonly string[] = []): void {
  if (typeof value === 'string' && !value.isWellFormed())
    throw new UnencodableError(path, 'must be text without unpaired surrogates')
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return
  for (const [name, member] of Object.entries(value)) {
    requireWellFormed(name, [...path, name])
    requireWellFormed(member, [...path, name])
  }
}

/** Returns true for a JSON object, but not for null or a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Decodes base64 text. Returns undefined for any other value. */
export function base64Bytes(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value
  return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64') : undefined
}

/** Sets a property. Any name is allowed, as in `JSON.parse`, even `__proto__`. */
export function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}
