import type { Plugin } from 'esbuild'
import { readFunctions } from '../../../lib/app/function-entries.ts'
import { bundlePage } from '../console-page.ts'

/** Puts the built page and the list of functions into the console's bundle, in place of `console/bundle-contents.ts`. */
export const embedConsole: Plugin = {
  name: 'embed-console',
  setup(build) {
    build.onLoad({ filter: /console[\\/]bundle-contents\.ts$/ }, async () => {
      const contents = { page: await bundlePage(), functions: readFunctions() }
      return { contents: `export const bundleContents = ${JSON.stringify(contents)}`, loader: 'js' }
    })
  },
}
