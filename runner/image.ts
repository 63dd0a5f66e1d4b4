/**
 * Builds the contents of the `sluice run` image: `node runner/image.ts FOLDER`. The command and each function are bundled
 * separately, so the image needs no npm packages. `Dockerfile` copies the folder.
 */
import { copyFile, cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { PROJECT } from '../infra/built-package.ts'
import { builtPage } from '../infra/console-page.ts'
import { readEntries } from '../lib/app/function-entries.ts'
import { isConsumer, readFunctions } from '../lib/app/functions.ts'
import { writeBundles } from './bundles.ts'

const { inlineText }: { inlineText: Plugin } = createRequire(import.meta.url)('../esbuild.plugins.cjs')

/** Files that functions and the command read at run time. */
const FILES = ['serverless.yml', 'LICENSE', 'config']

/**
 * Packages that are not included, because they are large (70 MB). Only one command uses them, and it reports that they are missing.
 */
const LEFT_OUT = ['@duckdb/node-api']

/** Defines `require`, which CommonJS modules call in an ES module bundle. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/**
 * Builds the image's contents.
 *
 * @param to output folder, which is emptied first
 * @param names functions to include; by default, all functions that a process can run
 */
export async function buildRunImage(to: string, names?: readonly string[]): Promise<void> {
  await rm(to, { recursive: true, force: true })
  await mkdir(join(to, 'bin'), { recursive: true })
  await writeCommand(join(to, 'bin'))
  const run = readFunctions().filter(declared => isConsumer(declared) || declared.schedule !== undefined)
  const entryOf = readEntries()
  await writeBundles(names ?? run.map(({ name }) => name), entryOf, { project: PROJECT, to, isAlone: true })
  await Promise.all(FILES.map(file => cp(join(PROJECT, file), join(to, file), { recursive: true })))
  await copyFile(join(PROJECT, 'package.json'), join(to, 'package.json'))
}

async function writeCommand(outdir: string): Promise<void> {
  await build({
    absWorkingDir: PROJECT,
    entryPoints: [
      { in: 'cli/sluice.ts', out: 'sluice' },
      { in: 'packages/msk-trigger/invoke/runtimes/node/worker.ts', out: 'node-worker' },
    ],
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: LEFT_OUT,
    banner: { js: BANNER },
    plugins: [inlineText, await withPage(), builtAlready],
    logLevel: 'warning',
  })
  // The parser of statements reads it from beside itself.
  await copyFile(join(PROJECT, 'lib', 'views', 'language', 'grammar.peggy'), join(outdir, 'grammar.peggy'))
  // The path is the same as in a clone of the project.
  await writeFile(join(outdir, 'sluice.mjs'), "import './sluice.js'\n")
}

/**
 * Creates a plugin that includes the built page of the console. The image cannot build the page, because it does not contain the
 * page's sources.
 */
async function withPage(): Promise<Plugin> {
  const page = JSON.stringify(await builtPage())
  return {
    name: 'page',
    setup({ onLoad }) {
      onLoad({ filter: /infra[\\/]console-page\.ts$/ }, ({ path }) => ({
        resolveDir: resolve(path, '..'),
        loader: 'ts',
        contents: `import { pageFiles } from '../console/page-files.ts'\nexport const consolePage = async () => pageFiles(${page})`,
      }))
    },
  }
}

/** Plugin that replaces esbuild by a function that throws, because nothing is built in the image. */
const builtAlready: Plugin = {
  name: 'built-already',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^esbuild$/ }, () => ({ path: 'esbuild', namespace: 'built-already' }))
    onLoad({ filter: /./, namespace: 'built-already' }, () => ({
      contents:
        "const refuse = () => { throw new Error('Functions cannot be built in the image. Use a clone of the project.') }\n" +
        'export { refuse as build, refuse as stop }',
    }))
  },
}

if (import.meta.main) {
  const [folder, ...names] = process.argv.slice(2)
  if (folder === undefined) throw new Error('Usage: node runner/image.ts FOLDER [FUNCTION…]')
  await buildRunImage(resolve(folder), names.length > 0 ? names : undefined)
}
