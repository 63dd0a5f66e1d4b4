/**
 * Builds the npm package `create-sluice`: `npm run build` in `packages/create-sluice` writes the command and the template to
 * `dist/`. The template is the example project. It contains the tarballs of the packages that are not published yet.
 */
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage, PROJECT } from './npm-package.ts'

const PACKED = ['@sluice/runtime', '@sluice/local-servers', 'serverless-offline-msk-trigger']

const folder = join(PROJECT, 'packages', 'create-sluice')
await buildPackage({
  folder,
  entries: { 'create-project': 'create-project.ts' },
  typed: [],
  chunkNames: '[name]-[hash]',
})
const template = join(folder, 'dist', 'template')
await cp(join(PROJECT, 'examples', 'thermometer'), template, { recursive: true })
const tarballs = join(template, 'packages')
await mkdir(tarballs)
const workspaces = PACKED.flatMap(name => ['--workspace', name])
execFileSync('npm', ['pack', ...workspaces, '--pack-destination', tarballs], {
  cwd: PROJECT,
  stdio: ['ignore', 'ignore', 'inherit'],
})
// The project names them without a version.
for (const file of await readdir(tarballs))
  await rename(join(tarballs, file), join(tarballs, file.replace(/-\d[^/]*(?=\.tgz$)/, '')))
