/**
 * What a bundle of the console carries: the page, and the functions that it shows. The build puts them in the place of this module
 * (see `esbuild.plugins.cjs`); unbuilt, whoever serves the console has both anyway.
 */
import type { ShownFunction } from './environment.ts'

export interface Built {
  readonly page: { readonly script: string; readonly style: string }
  readonly functions: readonly ShownFunction[]
}

export const built: Built | undefined = undefined
