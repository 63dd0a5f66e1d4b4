/** Functions that are built once, as for an image, and used by `serverless offline` without reloading. */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { readEntries, readFunctions } from '../../control/environment/function-entries.ts'
import { FAMILIES, readSettings } from '../../lib/app/settings/index.ts'
import { PROJECT } from '../../scripts/paths.ts'
import { buildThread } from './trigger-thread.ts'

/** File beside the bundles with the families that they contain. All other edited files are read at run time. */
const FAMILIES_FILE = 'families.json'

/** Builds all functions and the thread of the trigger into a folder, in place of what is there. */
export async function buildFunctions(folder: string): Promise<void> {
  const { Builder, runBuilds } = await import('../../infra/packaging/bundle-builder.ts')
  const { readBuildSettings } = await import('../../infra/packaging/code-versions.ts')
  const file = join(PROJECT, 'serverless.yml')
  const builder = new Builder({ projectDir: PROJECT, settings: readBuildSettings(PROJECT) })
  const entryOf = readEntries(file)
  const sources = readFunctions(file).map(({ name }) => entryOf(name).handler.replace(/\.[^./]+$/, '.ts'))
  const { files } = await runBuilds(() => builder.bundleTogether(sources))
  await rm(folder, { recursive: true, force: true })
  const others = [
    ['package.json', '{"type":"module"}'],
    [FAMILIES_FILE, formatFamilies()],
  ] as const
  for (const [path, content] of [...files, ...others]) {
    await mkdir(join(folder, dirname(path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await buildThread(folder)
}

/**
 * Returns the folder of functions with the families of this environment: the given one, or a new temporary one if FAMILIES_DIR has
 * other families than the given functions were built with.
 *
 * @param say receives a line if the functions must be built
 */
export async function provideFunctions(built: string, say: (line: string) => void): Promise<string> {
  const contained = join(built, FAMILIES_FILE)
  if (existsSync(contained) && readFileSync(contained, 'utf8') === formatFamilies()) return built
  say('building the functions, because FAMILIES_DIR has other families than those that are built')
  const own = mkdtempSync(join(tmpdir(), 'sluice-functions-'))
  process.once('exit', () => rmSync(own, { recursive: true, force: true }))
  const folder = join(own, 'bundles')
  await buildFunctions(folder)
  // The AWS SDK is not in the bundles.
  symlinkSync(join(PROJECT, 'node_modules'), join(own, 'node_modules'))
  return folder
}

function formatFamilies(): string {
  return JSON.stringify(readSettings([FAMILIES]).families.all.map(({ file }) => file))
}
