import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

let version: string | undefined

/**
 * Returns a hash of the bundle's content, computed on first use. Hashing this file is sufficient, because it
 * contains the names of the bundle's other files, which are derived from their contents.
 */
export function bundleVersion(): string {
  version ??= createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
    .slice(0, 16)
  return version
}
