/**
 * Builds the npm package of the engine, `@sluice/runtime`: `npm run build` in `packages/runtime` writes JavaScript and type
 * declarations to `dist/`. Lua scripts are inlined.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { buildPackage, PROJECT } from './npm-package.ts'

/** esbuild plugin that inlines text files. The bundles of the functions use it, too. */
const { inlineText }: { inlineText: Plugin } = createRequire(import.meta.url)('./esbuild-plugins.cjs')

/** Entry points in the package's `exports`. */
const ENTRIES = ['index', 'lambda/index', 'producer/index', 'testing/index']

await buildPackage({
  folder: join(PROJECT, 'packages', 'runtime'),
  entries: { ...Object.fromEntries(ENTRIES.map(entry => [entry, `${entry}.ts`])), bin: 'lambda/bin.ts' },
  typed: ENTRIES.map(entry => `${entry}.ts`),
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [inlineText],
})
