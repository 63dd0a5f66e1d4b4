/**
 * Builds the functions once, for an image: `node localstack/reload/image-bundles.ts FOLDER`. `serverless offline` uses the bundles if
 * SLUICE_BUNDLES names the folder.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { Builder, runBuilds } from '../../infra/packaging/bundle-builder.ts'
import { readBuildSettings } from '../../infra/packaging/code-versions.ts'
import { readEntries, readFunctions } from '../../lib/app/function-entries.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { buildThread } from './trigger-thread.ts'

const [given] = process.argv.slice(2)
if (given === undefined) throw new Error('Usage: node localstack/reload/image-bundles.ts FOLDER')
const folder = resolve(given)
const file = join(PROJECT, 'serverless.yml')
const builder = new Builder({ projectDir: PROJECT, settings: readBuildSettings(PROJECT) })
const entryOf = readEntries(file)
const sources = readFunctions(file).map(({ name }) => entryOf(name).handler.replace(/\.[^./]+$/, '.ts'))
const { files } = await runBuilds(() => builder.bundleTogether(sources))
await rm(folder, { recursive: true, force: true })
for (const [path, content] of [...files, ['package.json', '{"type":"module"}'] as const]) {
  await mkdir(join(folder, dirname(path)), { recursive: true })
  await writeFile(join(folder, path), content)
}
await buildThread(folder)
