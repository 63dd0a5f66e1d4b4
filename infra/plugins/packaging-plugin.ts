/**
 * Serverless Framework plugin that bundles each function by itself, for packages and for `serverless invoke local`. For
 * `serverless offline`, localstack/reload/plugin.ts builds all functions together.
 */
import { globSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, parse, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import pMap from 'p-map'
import { BuildError, Builder, runBuilds } from '../packaging/bundle-builder.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly serviceDir: string
  readonly service: {
    readonly package: { readonly patterns: readonly string[] }
    readonly custom: { readonly esbuild: Readonly<Record<string, unknown>> }
    getAllFunctions(): string[]
    getFunction(key: string): Definition
  }
  readonly pluginManager: { getPlugins(): readonly object[] }
  readonly classes: { readonly Error: new (message: string, code: string) => Error }
}

interface Definition {
  readonly handler: string
  package?: { readonly patterns?: readonly string[]; readonly artifact?: string }
}

/** Options of the command. The framework looks for a handler below `extraServicePath`. */
interface Options {
  readonly function?: string
  extraServicePath?: string
}

/** The framework's plugin for packages. Its archives do not depend on the time, nor on the order of files. */
interface Zipper {
  zipFiles(files: readonly string[], name: string, folder: string): Promise<string>
}

/** Building all functions at once takes 1.7 GB of memory. */
const AT_ONCE = 2

export default class PackagingPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>
  readonly #framework: Framework
  readonly #options: Options

  constructor(framework: Framework, options: Options) {
    this.#framework = framework
    this.#options = options
    let folder = ''
    this.hooks = {
      'before:package:createDeploymentArtifacts': () => this.#packAll(framework.service.getAllFunctions()),
      'before:deploy:function:packageFunction': () => this.#packAll([options.function ?? '']),
      'before:invoke:local:invoke': async () => {
        const key = options.function ?? ''
        folder = await this.#build(key)
        await reportResult(join(folder, framework.service.getFunction(key).handler))
        options.extraServicePath = relative(framework.serviceDir, folder)
      },
      'after:invoke:local:invoke': () => rm(folder, { recursive: true }),
    }
  }

  async #packAll(keys: readonly string[]): Promise<void> {
    await runBuilds(() => pMap(keys, key => this.#pack(key), { concurrency: AT_ONCE }))
  }

  async #pack(key: string): Promise<void> {
    const { service, pluginManager } = this.#framework
    const zipper = pluginManager.getPlugins().find(plugin => 'zipFiles' in plugin) as Zipper
    const folder = await this.#build(key)
    const files = globSync('**', { cwd: folder, withFileTypes: true }).filter(entry => entry.isFile())
    const paths = files.map(({ parentPath, name }) => join(parentPath, name))
    service.getFunction(key).package = { artifact: await zipper.zipFiles(paths, `${key}.zip`, folder) }
    await rm(folder, { recursive: true })
  }

  /** Bundles a function into a new folder, with the files that its patterns name, and returns the folder. */
  async #build(key: string): Promise<string> {
    const { serviceDir, service } = this.#framework
    const { handler, package: own } = service.getFunction(key)
    const patterns = [...service.package.patterns, ...(own?.patterns ?? [])]
    const entry = handler.replace(/\.\w+$/, '.ts')
    const builder = new Builder({ projectDir: serviceDir, settings: service.custom.esbuild })
    const { files } = await builder.bundle(entry).catch(error => {
      // The Serverless Framework shows its own errors as messages, and all other errors as crashes.
      throw error instanceof BuildError
        ? new this.#framework.classes.Error(error.message, 'SLUICE_BUILD')
        : error
    })
    await mkdir(join(serviceDir, '.local'), { recursive: true })
    const folder = await mkdtemp(join(serviceDir, '.local', `package-${key}-`))
    for (const path of globSync(patterns, { cwd: serviceDir }))
      await cp(join(serviceDir, path), join(folder, path), { recursive: true })
    await mkdir(join(folder, dirname(entry)), { recursive: true })
    for (const [name, content] of files) await writeFile(join(folder, dirname(entry), name), content)
    return folder
  }
}

/**
 * Puts a module in place of a bundled handler that calls it, and reports what was not applied. The framework prints the response alone,
 * and ends with status 0.
 *
 * @param handler path of the bundle, with the name of its export as extension
 */
async function reportResult(handler: string): Promise<void> {
  const { dir, name, ext } = parse(handler)
  const bundle = `${name}.bundle.js`
  await rename(join(dir, `${name}.js`), join(dir, bundle))
  const reporter = pathToFileURL(join(import.meta.dirname, '..', 'packaging', 'reported-batch.ts'))
  const code = `import * as bundle from './${bundle}'
import { reportBatch } from '${reporter}'
export const ${ext.slice(1)} = reportBatch(bundle${ext})
`
  await writeFile(join(dir, `${name}.js`), code)
}
