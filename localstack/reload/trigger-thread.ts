import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const SOURCE = new URL('../../packages/msk-trigger/invoke/runtimes/node/worker.ts', import.meta.url)

/** Returns the built module that the trigger runs in its threads. @param folder folder of the bundles */
export function locateThread(folder: string): URL {
  return pathToFileURL(join(folder, 'thread.mjs'))
}

/** Builds the module that the trigger runs in its threads. */
export async function buildThread(folder: string): Promise<URL> {
  const { build } = await import('esbuild')
  const { runBuilds } = await import('../../infra/packaging/bundle-builder.ts')
  const thread = locateThread(folder)
  const options = { bundle: true, format: 'esm', platform: 'node', logLevel: 'silent' } as const
  const files = { entryPoints: [fileURLToPath(SOURCE)], outfile: fileURLToPath(thread) }
  await runBuilds(() => build({ ...options, ...files }))
  return thread
}
