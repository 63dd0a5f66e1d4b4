/**
 * Builds the npm package of the engine, `@sluice/runtime`: `npm run build` in `packages/runtime` writes JavaScript and type
 * declarations to `dist/`. Lua scripts are inlined.
 */
import { buildPackage } from '@sluice/packaging'
import { inlineLua } from './packaging/index.ts'

/** Entry points in the package's `exports`. */
const ENTRIES = ['index', 'lambda/index', 'producer/index', 'sdk/index', 'testing/index']

await buildPackage({
  folder: import.meta.dirname,
  entries: { ...Object.fromEntries(ENTRIES.map(entry => [entry, `${entry}.ts`])), bin: 'lambda/bin.ts' },
  typed: ENTRIES.map(entry => `${entry}.ts`),
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [inlineLua],
})
