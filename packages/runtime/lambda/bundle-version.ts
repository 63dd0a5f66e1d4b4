import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

let version: string | undefined

/**
 * A hash of the bundle's content, computed on first use. Hashing this file is enough: the names of the bundle's other files are
 * derived from their contents, and this file contains those names.
 */
export function bundleVersion(): string {
  version ??= createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex')
    .slice(0, 16)
  return version
}
