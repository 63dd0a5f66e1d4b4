/**
 * Builds the npm package of the engine, `@sluice/runtime`: `npm run build` in `lib/runtime` writes JavaScript and types to
 * `dist/`. The repository itself runs the TypeScript as it is. Private workspaces and Lua scripts become part of the JavaScript;
 * declared dependencies stay imports.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** The same as for the bundles of the functions. */
const { inlineText }: { inlineText: Plugin } = createRequire(import.meta.url)('../esbuild.plugins.cjs')

const PROJECT = resolve(import.meta.dirname, '..')
const RUNTIME = join(PROJECT, 'lib', 'runtime')
const DIST = join(RUNTIME, 'dist')
/** The modules of the package's `exports`. */
const ENTRIES = ['index', 'lambda/index', 'producer/index', 'testing/index']

interface Manifest {
  readonly engines: { readonly node: string }
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}

async function main(): Promise<void> {
  const manifest: Manifest = JSON.parse(await readFile(join(RUNTIME, 'package.json'), 'utf8'))
  await rm(DIST, { recursive: true, force: true })
  await writeCode(manifest)
  await writeTypes(manifest)
}

async function writeCode({ engines, dependencies, peerDependencies }: Manifest): Promise<void> {
  await build({
    absWorkingDir: RUNTIME,
    entryPoints: ENTRIES.map(entry => `${entry}.ts`),
    outdir: DIST,
    outbase: RUNTIME,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${engines.node.replace('>=', '')}`,
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    plugins: [inlineText],
    logLevel: 'warning',
  })
}

/** Only the declarations that the entries need: those of the adapters are internal. */
async function writeTypes({ dependencies }: Manifest): Promise<void> {
  await mkdir(join(PROJECT, '.local'), { recursive: true })
  const emitted = await mkdtemp(join(PROJECT, '.local', 'runtime-types-'))
  try {
    const tsc = join(PROJECT, 'node_modules', '.bin', 'tsc')
    const args = [tsc, '-p', join(RUNTIME, 'tsconfig.build.json'), '--outDir', emitted]
    execFileSync(process.execPath, args, { stdio: 'inherit' })
    const root = join(emitted, relative(PROJECT, RUNTIME))
    const reached = new Set(ENTRIES.map(entry => join(root, `${entry}.d.ts`)))
    // The set grows while it is walked.
    for (const file of reached) {
      const text = withJsExtensions(await readFile(file, 'utf8'))
      for (const module of importsOf(text))
        if (module.startsWith('.')) reached.add(join(dirname(file), module.replace(/\.js$/, '.d.ts')))
        else assertDeclared(module, file, dependencies)
      const to = join(DIST, relative(root, file))
      await mkdir(dirname(to), { recursive: true })
      await writeFile(to, text)
    }
  } finally {
    await rm(emitted, { recursive: true, force: true })
  }
}

const IMPORTED = /(?:\bfrom|\bimport\(|^import|^declare module) ?["']([^"'\s;]+)["']/gm

/** The compiler keeps the names of the sources in declarations. */
function withJsExtensions(text: string): string {
  return text.replace(IMPORTED, statement => statement.replace(/\.ts(["'])$/, '.js$1'))
}

function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORTED)].map(([, module = '']) => module)
}

function assertDeclared(module: string, file: string, dependencies: Manifest['dependencies']): void {
  const name = module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')
  if (!module.startsWith('node:') && !Object.hasOwn(dependencies, name))
    throw new Error(`${file} imports types of "${module}", which lib/runtime/package.json does not declare`)
}

await main()
