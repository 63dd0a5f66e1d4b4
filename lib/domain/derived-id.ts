import { hash } from 'node:crypto'

/**
 * An id that follows from its parts alone, so that whoever derives it again gets the same: 128 bits of a SHA-256 over
 * the length-prefixed parts, base64url. The lengths keep `('a-', '1')` and `('a', '-1')` apart.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const named = parts.map(part => `${Buffer.byteLength(String(part))}:${part}`)
  return Buffer.from(hash('sha256', named.join(''), 'hex').slice(0, 32), 'hex').toString('base64url')
}
