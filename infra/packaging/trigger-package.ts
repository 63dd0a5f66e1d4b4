/**
 * Builds the npm package of the Kafka trigger, `serverless-offline-msk-trigger`: `npm run build` in `packages/msk-trigger` writes
 * JavaScript and type declarations to `dist/`. All JavaScript is in one folder, because the code looks there for the files that it
 * starts as threads.
 */
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPackage, PROJECT } from './npm-package.ts'
import { findStartedFiles, type StartedFile } from './started-files.ts'

const TRIGGER = join(PROJECT, 'packages', 'msk-trigger')
/** Folders that are not part of the package. */
const OTHERS = /^(test|example|dist|node_modules)(\/|$)/
/** Entry points in the package's `exports`. */
const EXPORTED = { index: 'index.ts', 'inject-fault': 'faults/inject-fault.ts' }

async function main(): Promise<void> {
  const started = await listStartedFiles()
  await buildPackage({
    folder: TRIGGER,
    entries: {
      ...EXPORTED,
      ...Object.fromEntries(started.map(({ source, name }) => [name.replace(/\.js$/, ''), source])),
    },
    typed: Object.values(EXPORTED),
    chunkNames: '[name]-[hash]',
  })
}

/** Returns the files that the plugin starts as threads. */
async function listStartedFiles(): Promise<StartedFile[]> {
  const files: StartedFile[] = []
  for await (const path of glob('**/*.ts', { cwd: TRIGGER, exclude: found => OTHERS.test(found) }))
    files.push(...findStartedFiles(path, await readFile(join(TRIGGER, path), 'utf8')))
  return files
}

await main()
