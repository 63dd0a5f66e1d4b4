/**
 * Contents of a bundle of the console: the page, and the functions that it shows. The build replaces this module (see
 * `esbuild.plugins.cjs`); without a build, the server of the console has both anyway.
 */
import type { ShownFunction } from './environment.ts'

export interface Built {
  readonly page: { readonly script: string; readonly style: string }
  readonly functions: readonly ShownFunction[]
}

export const built: Built | undefined = undefined
