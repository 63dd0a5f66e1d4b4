/**
 * Contents of a bundled console: the page and the list of functions. `infra/packaging/bundle-plugins/embed-console.ts`
 * replaces this module when it bundles the console. If the console is not bundled, the server generates both.
 */
import type { ShownFunction } from './environment.ts'

export interface BundleContents {
  readonly page: { readonly script: string; readonly style: string }
  readonly functions: readonly ShownFunction[]
}

export const bundleContents: BundleContents | undefined = undefined
