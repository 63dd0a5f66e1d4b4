/**
 * Builds the npm package of the local servers, `@sluice/local-servers`: `npm run build` in `packages/local-servers` writes
 * JavaScript, type declarations and the pinned versions of the servers to `dist/`. All JavaScript is in one folder, because the
 * code looks there for the pinned versions and for the watchdog.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage } from '@sluice/packaging'

const folder = import.meta.dirname
await buildPackage({
  folder,
  entries: { index: 'index.ts', watchdog: 'watchdog.ts' },
  typed: ['index.ts'],
  chunkNames: '[name]-[hash]',
})
for (const pinned of ['kafka', 'python'])
  await cp(join(folder, pinned), join(folder, 'dist', pinned), { recursive: true })
