import { hash } from 'node:crypto'

/**
 * Returns an id that is derived from the parts; the same parts always give the same id. The id consists of 128 bits of a SHA-256
 * hash in base64url. Each part is hashed with its length, so that for example `('a-', '1')` and `('a', '-1')` give different ids.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  const named = parts.map(part => `${Buffer.byteLength(String(part))}:${part}`)
  return Buffer.from(hash('sha256', named.join(''), 'hex').slice(0, 32), 'hex').toString('base64url')
}
