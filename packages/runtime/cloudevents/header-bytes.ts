/** Header values: bytes, either as a buffer or as a list of numbers, or null. */
import { isUtf8 } from 'node:buffer'

/**
 * Value of a header. Lambda passes them as numbers, which may be signed. A record has many small headers, so a buffer is
 * created only when it is needed.
 */
export type HeaderBytes = Buffer | readonly number[] | null

/** Returns the value as a buffer, which is empty for null. */
export function toBuffer(bytes: HeaderBytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes ?? [])
}

/** Returns the value in base64. Null, which means that the header is absent, stays null, and never becomes an empty value. */
export function toBase64(bytes: HeaderBytes): string | null {
  return bytes && toBuffer(bytes).toString('base64')
}

export function fromBase64(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64')
}

/** Returns the value as text; undefined if it is null, or not UTF-8. */
export function decodeText(bytes: HeaderBytes): string | undefined {
  return bytes === null ? undefined : (decodeAscii(bytes) ?? decodeUtf8(toBuffer(bytes)))
}

/** Maximum number of arguments that are spread into one call. */
const SHORT = 1_000

/**
 * Decodes a short ASCII value without a buffer; returns undefined for any other value. Nearly all values are short and ASCII, and
 * this takes a quarter of the time.
 */
function decodeAscii(bytes: NonNullable<HeaderBytes>): string | undefined {
  if (Buffer.isBuffer(bytes) || bytes.length > SHORT) return undefined
  let bits = 0
  for (const byte of bytes) bits |= byte
  return (bits & ~0x7f) === 0 ? String.fromCharCode(...bytes) : undefined
}

function decodeUtf8(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined
}
