/**
 * Contents of a bundled console: the page and the list of functions. The build replaces this module, see `esbuild.plugins.cjs`. Without
 * a build, the server generates both.
 */
import type { ShownFunction } from './environment.ts'

export interface Built {
  readonly page: { readonly script: string; readonly style: string }
  readonly functions: readonly ShownFunction[]
}

export const built: Built | undefined = undefined
