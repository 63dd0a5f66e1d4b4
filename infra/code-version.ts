/** Versions of a function's code, as the function itself reports them when it runs from its bundle. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { yamlContent } from '../lib/yaml-document.ts'
import { Builder, versionOf } from './bundle-builder.ts'

/** Stand-in for the framework, without `serverless invoke local`, for the bundles' plugins. */
const NO_FRAMEWORK = { processedInput: { commands: [] }, classes: { Error } }

/**
 * Bundles the function from the present sources, and returns the versions by which the function can call them: the hash of one of
 * its files, as `bundleVersion` computes it in a bundle, or the hash of its sources, which `serverless offline` gives it. A
 * function with one of these versions runs these sources.
 *
 * @param entry the handler's source file, relative to the project
 * @throws BuildError if they cannot be bundled
 */
export async function codeVersions(entry: string, project: string): Promise<ReadonlySet<string>> {
  const file = join(project, 'serverless.yml')
  const { custom } = yamlContent(readFileSync(file, 'utf8'), file) as {
    custom: { esbuild: Readonly<Record<string, unknown>> }
  }
  const builder = new Builder({ projectDir: project, settings: custom.esbuild, serverless: NO_FRAMEWORK })
  const { files, fingerprint } = await builder.bundle(entry)
  return new Set([...[...files.values()].map(versionOf), fingerprint])
}
