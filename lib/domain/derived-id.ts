import { createHash } from 'node:crypto'

/**
 * An id that follows from its parts alone, so that whoever derives it again gets the same: 128 bits of a SHA-256 over
 * the length-prefixed parts, base64url. The lengths keep `('a-', '1')` and `('a', '-1')` apart.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    const bytes = Buffer.from(String(part))
    hash.update(`${bytes.length}:`).update(bytes)
  }
  return hash.digest().subarray(0, 16).toString('base64url')
}
