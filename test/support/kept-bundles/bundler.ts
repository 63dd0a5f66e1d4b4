/** Has serverless-esbuild build only those functions whose bundles are not kept. */
import { existsSync, globSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { KeptBundles, type Metafile } from './kept.ts'

/** The part of serverless-esbuild that is used here. */
export interface Bundler {
  readonly buildDirPath: string
  readonly buildOptions: Readonly<Record<string, unknown>>
  readonly plugins: readonly { readonly name: string }[]
  readonly functionEntries: readonly { readonly entry: string }[]
  /** What it has built, by entry: it builds no such entry again, but calls `rebuild`. */
  buildCache?: Record<
    string,
    { readonly result: { readonly metafile?: Metafile; rebuild?(): Promise<void> } }
  >
}

type Build = (this: Bundler) => Promise<void>

/** Replaces the step of serverless-esbuild that builds, as the project has it. */
export function keepBundles(folder: string, project: string): void {
  const require = createRequire(join(project, 'package.json'))
  const step: { bundle: Build } = require(join(dirname(require.resolve('serverless-esbuild')), 'bundle.js'))
  const { bundle } = step
  step.bundle = async function () {
    await bundled(this, bundle, { folder, project })
  }
}

/** Builds what is not kept, and keeps it. */
export async function bundled(
  bundler: Bundler,
  build: Build,
  { folder, project }: { readonly folder: string; readonly project: string },
): Promise<void> {
  const kept = new KeptBundles({ folder, project, settings: settingsOf(bundler, project) })
  const entries = [...new Set(bundler.functionEntries.map(({ entry }) => entry))]
  const restored = new Set<string>()
  for (const entry of entries)
    if (await kept.restore(entry, join(bundler.buildDirPath, dirname(entry)))) restored.add(entry)
  const known = [...restored].map(entry => [entry, { result: { rebuild: async () => {} } }] as const)
  bundler.buildCache = { ...bundler.buildCache, ...Object.fromEntries(known) }
  await build.call(bundler)
  for (const entry of entries) {
    const metafile = bundler.buildCache[entry]?.result.metafile
    if (!restored.has(entry) && metafile && !isMadeOfMore(metafile)) await kept.keep(entry, metafile)
  }
  await kept.tidy()
}

/** The console's bundle holds a page that is built of files which esbuild does not name. */
function isMadeOfMore({ inputs }: Metafile): boolean {
  return Object.keys(inputs).includes('console/built.ts')
}

const DECIDING = [
  'esbuild.plugins.cjs',
  'localstack/invoke-local/esbuild.cjs',
  'package-lock.json',
  'package.json',
  'tsconfig.json',
]
/** What plugins put into bundles, and what decides which file an import of a workspace is, and whether it may be left out. */
const DECIDING_GLOBS = [
  'lib/**/*.lua',
  'functions/package.json',
  'lib/runtime/package.json',
  'packages/*/package.json',
  'localstack/msk-trigger/package.json',
]

/** What esbuild is told and reads beside the code, what its plugins do and read, and where they find packages. */
function settingsOf({ buildOptions, plugins }: Bundler, project: string): string {
  const { outputWorkFolder: _, watch: __, ...options } = buildOptions
  const packages = join(project, 'node_modules')
  const files = [...DECIDING, ...globSync(DECIDING_GLOBS, { cwd: project }).sort()]
  return JSON.stringify([
    options,
    plugins.map(({ name }) => name),
    existsSync(packages) && relative(project, realpathSync(packages)),
    files.map(file => [file, readFileSync(join(project, file), 'utf8')]),
  ])
}
