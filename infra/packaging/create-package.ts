/**
 * Builds the npm package `create-sluice`: `npm run build` in `packages/create-sluice` writes the command and the template to
 * `dist/`. The template is the example project.
 */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage, PROJECT } from '@sluice/packaging'

const folder = join(PROJECT, 'packages', 'create-sluice')
await buildPackage({
  folder,
  entries: { 'create-project': 'create-project.ts' },
  typed: [],
  chunkNames: '[name]-[hash]',
})
const template = join(folder, 'dist', 'template')
await cp(join(PROJECT, 'examples', 'thermometer'), template, { recursive: true })
