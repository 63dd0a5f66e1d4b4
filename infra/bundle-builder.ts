import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import {
  type BuildContext,
  type BuildFailure,
  type BuildOptions,
  context,
  type Message,
  type Plugin,
} from 'esbuild'

/** Settings under `custom.esbuild` that belong to serverless-esbuild; all others are esbuild's. */
const NOT_ESBUILDS = [
  'exclude',
  'outputFileExtension',
  'outputWorkFolder',
  'outputBuildFolder',
  'packager',
  'watch',
  'keepOutputDirectory',
  'concurrency',
]

/** The code of one function: file contents by file name. */
export type Bundle = ReadonlyMap<string, Uint8Array>

/** The result of building a function: its code, or the errors, one line each. */
export type Built = { readonly bundle: Bundle } | { readonly errors: readonly string[] }

interface BuilderOptions {
  readonly projectDir: string
  /** The section `custom.esbuild` of serverless.yml. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Passed to a plugin file that exports a function, as serverless-esbuild does. */
  readonly serverless: unknown
}

/** Bundles functions with the same options as serverless-esbuild. The caller decides where the files go. */
export class Builder {
  readonly #options: BuildOptions
  readonly #projectDir: string
  readonly #contexts = new Map<string, BuildContext>()

  constructor({ projectDir, settings, serverless }: BuilderOptions) {
    this.#projectDir = projectDir
    const kept = Object.entries(settings).filter(([name]) => !NOT_ESBUILDS.includes(name))
    this.#options = {
      ...Object.fromEntries(kept),
      external: [settings.external, settings.exclude].flatMap(names => (names as string[] | undefined) ?? []),
      plugins: pluginsOf(projectDir, settings.plugins, serverless),
      absWorkingDir: projectDir,
      write: false,
      // The caller reports errors.
      logLevel: 'silent',
    }
  }

  /** @param entry the handler's source file, relative to the project */
  async build(entry: string): Promise<Built> {
    try {
      const built = await (await this.#context(entry)).rebuild()
      const files = (built.outputFiles ?? []).map(({ path, contents }) => [basename(path), contents] as const)
      return { bundle: new Map(files) }
    } catch (error) {
      const errors = (error as Partial<BuildFailure>).errors ?? []
      if (errors.length === 0) throw error
      return { errors: errors.map(describe) }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#contexts.values()].map(each => each.dispose()))
  }

  async #context(entry: string): Promise<BuildContext> {
    const known = this.#contexts.get(entry)
    if (known) return known
    // Nothing is written there: esbuild only derives file names from it. Still, it is not next to the sources.
    const outdir = join(this.#projectDir, '.local', 'reload', dirname(entry))
    const made = await context({ ...this.#options, entryPoints: [entry], outdir })
    this.#contexts.set(entry, made)
    return made
  }
}

/** Identifies a bundle by the names and contents of its files. */
export function fingerprintOf(bundle: Bundle): string {
  const hash = createHash('sha256')
  for (const [name, content] of [...bundle].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name}\0${content.length}\0`).update(content)
  return hash.digest('hex')
}

/** Reads the bundle in a folder; empty if there is none. */
export async function bundleIn(folder: string): Promise<Bundle> {
  const names = await readdir(folder).catch(() => [])
  const code = names.filter(name => name.endsWith('.js'))
  return new Map(
    await Promise.all(code.map(async name => [name, await readFile(join(folder, name))] as const)),
  )
}

function pluginsOf(projectDir: string, given: unknown, serverless: unknown): Plugin[] {
  if (typeof given !== 'string') return (given as Plugin[] | undefined) ?? []
  const exported = createRequire(import.meta.url)(join(projectDir, given))
  return typeof exported === 'function' ? exported(serverless) : exported
}

/** Formats an error as `lib/x.ts:3:7: Expected ";"`, which terminals of editors turn into a link. */
function describe({ text, location }: Message): string {
  if (!location) return text
  return `${relative('', location.file)}:${location.line}:${location.column + 1}: ${text}`
}
