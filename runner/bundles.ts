/** Bundles functions for `sluice run`, with the options of `serverless.yml`. */
import { readFileSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BuildError, Builder } from '../infra/bundle-builder.ts'
import { endingEsbuild } from '../infra/esbuild-process.ts'
import type { FunctionEntry } from '../lib/app/function-entries.ts'
import { OperationFailure } from '../lib/operations/failure.ts'
import { yamlContent } from '../lib/yaml-document.ts'

/** Description of a Serverless command, which the plugins of the bundles require. */
const COMMAND = { processedInput: { commands: ['run'] }, classes: { Error } }

/**
 * Writes the bundles of functions. The path of each bundle corresponds to the path of its handler.
 *
 * @param project folder with `serverless.yml` and the sources
 * @param to folder that the paths of handlers are relative to
 * @param isAlone true to include the AWS SDK, for a folder without access to `node_modules`
 * @throws OperationFailure with the errors of the first function that cannot be built
 */
export async function writeBundles(
  names: readonly string[],
  entryOf: (name: string) => FunctionEntry,
  { project, to, isAlone }: { readonly project: string; readonly to: string; readonly isAlone: boolean },
): Promise<void> {
  const file = join(project, 'serverless.yml')
  const yml = yamlContent(readFileSync(file, 'utf8'), file) as {
    custom: { esbuild: Readonly<Record<string, unknown>> }
  }
  const settings = { ...yml.custom.esbuild, ...(isAlone ? { external: [], exclude: [] } : { minify: false }) }
  const builder = new Builder({ projectDir: project, settings, serverless: COMMAND })
  const write = async (name: string) => {
    const source = `${entryOf(name).handler.replace(/\.[^./]+$/, '')}.ts`
    const { files } = await builder.bundle(source).catch(error => {
      if (!(error instanceof BuildError)) throw error
      throw new OperationFailure(`${name} cannot be built:\n${error.message}`)
    })
    const folder = join(to, dirname(source))
    await mkdir(folder, { recursive: true })
    for (const [file, content] of files) await writeFile(join(folder, file), content)
  }
  await endingEsbuild(async () => {
    for (const name of names) await write(name)
  })
  // This file marks the bundles as ES modules.
  await copyFile(join(project, 'functions', 'package.json'), join(to, 'functions', 'package.json'))
}
