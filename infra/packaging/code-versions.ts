/** Computes the versions that a bundled function can report for its code. */
import { join } from 'node:path'
import { readYamlFile } from '../../control/environment/function-entries.ts'
import { Builder, computeVersion } from './bundle-builder.ts'

/** Returns the section `custom.esbuild` of a project's `serverless.yml`. */
export function readBuildSettings(project: string): Readonly<Record<string, unknown>> {
  const { custom } = readYamlFile(join(project, 'serverless.yml')) as {
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
