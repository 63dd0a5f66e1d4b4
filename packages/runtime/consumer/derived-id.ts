import { hash } from 'node:crypto'

const ID_BYTES = 16
const bytes = Buffer.alloc(ID_BYTES)

/**
 * Returns an id that is derived from the parts; the same parts always give the same id. The id consists of 128 bits of a SHA-256
 * hash in base64url. Each part is hashed with its length, so that for example `('a-', '1')` and `('a', '-1')` give different ids.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  let named = ''
  for (const part of parts) named += `${Buffer.byteLength(String(part))}:${part}`
  // A digest as text, written to one buffer, takes half the time of a new buffer.
  bytes.write(hash('sha256', named, 'binary'), 0, ID_BYTES, 'binary')
  return bytes.toString('base64url')
}
