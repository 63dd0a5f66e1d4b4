/**
 * Builds the npm package of the Kafka trigger, `serverless-offline-msk-trigger`: `npm run build` in `packages/msk-trigger` writes
 * JavaScript and type declarations to `dist/`. All code is in one folder, because it looks there for the files that it
 * starts as a thread or as a process of Python.
 */
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage } from '@sluice/packaging'

/** Entry points in the package's `exports`. */
const EXPORTED = { index: 'index.ts', 'inject-fault': 'faults/inject-fault.ts' }

const folder = import.meta.dirname
await buildPackage({
  folder,
  entries: { ...EXPORTED, plugin: 'plugin.ts', 'node-worker': 'invoke/runtimes/node/worker.ts' },
  typed: Object.values(EXPORTED),
  chunkNames: '[name]-[hash]',
})
await copyFile(join(folder, 'invoke/runtimes/python/worker.py'), join(folder, 'dist/python-worker.py'))
