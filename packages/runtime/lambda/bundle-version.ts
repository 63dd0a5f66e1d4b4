import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isAnySet } from '../settings/read-settings.ts'

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

/**
 * Refuses a bundle that cannot find its own file, when it is loaded: bundlers leave `import.meta.url` of a CommonJS bundle empty.
 *
 * @param codeVersion choice of the handler, which makes the file unnecessary, as `CODE_VERSION` does
 * @throws Error that says how to bundle
 */
export function refuseCommonJs(name: string, codeVersion: unknown): void {
  if (import.meta.url || codeVersion || isAnySet('CODE_VERSION')) return
  throw new Error(
    `The bundle of the function ${name} is CommonJS, and cannot find its own file, whose hash is the version of the code. ` +
      "Bundle it as ESM: format: 'esm', with the banner that the README of @sluice/runtime shows. Or set CODE_VERSION.",
  )
}
