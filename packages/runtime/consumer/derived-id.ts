import { hash } from 'node:crypto'

/**
 * Derives an id from its parts alone; the same parts always give the same id. The id consists of 128 bits of a SHA-256 over the
 * length-prefixed parts, in base64url. The length prefixes distinguish `('a-', '1')` from `('a', '-1')`.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const named = parts.map(part => `${Buffer.byteLength(String(part))}:${part}`)
  return Buffer.from(hash('sha256', named.join(''), 'hex').slice(0, 32), 'hex').toString('base64url')
}
