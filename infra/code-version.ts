/** Versions of a function's code, as the bundled function reports them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { yamlContent } from '../lib/yaml-document.ts'
import { Builder, versionOf } from './bundle-builder.ts'

/** Minimal framework object for the plugins of the bundles, without `serverless invoke local`. */
const NO_FRAMEWORK = { processedInput: { commands: [] }, classes: { Error } }

/**
 * Bundles a function and returns the versions that it can report: the hash of one of its files, as `bundleVersion` computes it in a
 * bundle, and the hash of its sources, which `serverless offline` uses. A function that reports one of these versions runs these sources.
 *
 * @param entry source file of the handler, relative to the project
 * @throws BuildError if the function cannot be bundled
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
