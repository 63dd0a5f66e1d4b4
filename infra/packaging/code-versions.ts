/** Computes the versions that a bundled function can report for its code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { yamlContent } from '../../lib/support/yaml-document.ts'
import { Builder, computeVersion } from './bundle-builder.ts'

/** Returns the section `custom.esbuild` of a project's `serverless.yml`. */
export function readBuildSettings(project: string): Readonly<Record<string, unknown>> {
  const file = join(project, 'serverless.yml')
  const { custom } = yamlContent(readFileSync(file, 'utf8'), file) as {
    readonly custom: { readonly esbuild: Readonly<Record<string, unknown>> }
  }
  return custom.esbuild
}

/**
 * Bundles a function and returns the versions that it can report. A deployed function reports the hash of one of its files
 * (`bundleVersion`); under `serverless offline`, it reports the hash of its sources. A function that reports one of these versions
 * was built from the current sources.
 *
 * @param entry source file of the handler, relative to the project
 * @throws BuildError if the function cannot be bundled
 */
export async function computeCodeVersions(entry: string, project: string): Promise<ReadonlySet<string>> {
  const builder = new Builder({ projectDir: project, settings: readBuildSettings(project) })
  const { files, fingerprint } = await builder.bundle(entry)
  return new Set([...[...files.values()].map(computeVersion), fingerprint])
}
