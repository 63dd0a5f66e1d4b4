/**
 * Builds the npm package of the Kafka trigger, `serverless-offline-msk-trigger`: `npm run build` in `packages/msk-trigger` writes
 * JavaScript and type declarations to `dist/`. All JavaScript is in one folder, because the code looks there for the file that it
 * starts as a thread.
 */
import { join } from 'node:path'
import { buildPackage, PROJECT } from './npm-package.ts'

/** Entry points in the package's `exports`. */
const EXPORTED = { index: 'index.ts', 'inject-fault': 'faults/inject-fault.ts' }

await buildPackage({
  folder: join(PROJECT, 'packages', 'msk-trigger'),
  entries: { ...EXPORTED, 'node-worker': 'invoke/runtimes/node/worker.ts' },
  typed: Object.values(EXPORTED),
  chunkNames: '[name]-[hash]',
})
