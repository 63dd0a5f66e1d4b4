/**
 * Builds an npm package of this repository: `dist/` with JavaScript and type declarations. The repository itself runs TypeScript
 * without a build. Private workspaces are included in the bundle. Declared dependencies are imported at run time.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

export const PROJECT = resolve(import.meta.dirname, '..', '..')

export interface PackageBuild {
  /** Absolute path of the package, with its `package.json` and, for types, `tsconfig.build.json`. */
  readonly folder: string
  /** Entry points: name in `dist` without extension, and source file in the package folder. */
  readonly entries: Readonly<Record<string, string>>
  /**
   * Source files of the package's `exports`. Type declarations are written for these files and for the files that their
   * declarations import. Empty for a command.
   */
  readonly typed: readonly string[]
  /** Pattern for the file names of shared code, without extension. It may contain `[name]` and `[hash]`. */
  readonly chunkNames: string
  readonly plugins?: readonly Plugin[]
}

interface Manifest {
  readonly engines: { readonly node: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/**
 * Rebuilds the package's `dist`.
 *
 * @throws Error if code or types cannot be built, or if a type comes from a package that is not a dependency
 */
export async function buildPackage(parts: PackageBuild): Promise<void> {
  const { folder } = parts
  const dist = join(folder, 'dist')
  const manifest: Manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  await rm(dist, { recursive: true, force: true })
  await writeCode(parts, manifest, dist)
  if (parts.typed.length > 0) await writeTypes(parts, manifest, dist)
}

async function writeCode(
  { folder, entries, chunkNames, plugins = [] }: PackageBuild,
  { engines, dependencies, peerDependencies }: Manifest,
  outdir: string,
): Promise<void> {
  await build({
    absWorkingDir: folder,
    entryPoints: Object.entries(entries).map(([out, source]) => ({ in: join(folder, source), out })),
    outdir,
    chunkNames,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${engines.node.replace('>=', '')}`,
    external: Object.keys({ ...dependencies, ...peerDependencies }),
    plugins: [...plugins],
    logLevel: 'warning',
  })
}

/**
 * Writes the declarations of the exported files and of the files that they import. All other declarations are internal and are not
 * written.
 */
async function writeTypes(
  { folder, typed }: PackageBuild,
  { dependencies, peerDependencies }: Manifest,
  dist: string,
): Promise<void> {
  await mkdir(join(PROJECT, '.local'), { recursive: true })
  const emitted = await mkdtemp(join(PROJECT, '.local', 'package-types-'))
  const declared = { ...dependencies, ...peerDependencies }
  try {
    const tsc = join(PROJECT, 'test', 'tools', 'node_modules', '.bin', 'tsc')
    const args = [tsc, '-p', join(folder, 'tsconfig.build.json'), '--outDir', emitted]
    execFileSync(process.execPath, args, { stdio: 'inherit' })
    const root = join(emitted, relative(PROJECT, folder))
    const reached = new Set(typed.map(source => join(root, source.replace(/\.ts$/, '.d.ts'))))
    // This loop adds files to the set, and visits the added files as well.
    for (const file of reached) {
      const text = withJsExtensions(await readFile(file, 'utf8'))
      for (const module of listImports(text))
        if (module.startsWith('.')) reached.add(join(dirname(file), module.replace(/\.js$/, '.d.ts')))
        else assertDeclared(module, file, { folder, declared })
      const to = join(dist, relative(root, file))
      await mkdir(dirname(to), { recursive: true })
      await writeFile(to, text)
    }
  } finally {
    await rm(emitted, { recursive: true, force: true })
  }
}

const IMPORTED = /(?:\bfrom|\bimport\(|^import|^declare module) ?["']([^"'\s;]+)["']/gm

/** Replaces the extension of imports, because the compiler keeps `.ts` in declarations. */
function withJsExtensions(text: string): string {
  return text.replace(IMPORTED, statement => statement.replace(/\.ts(["'])$/, '.js$1'))
}

function listImports(text: string): string[] {
  return [...text.matchAll(IMPORTED)].map(([, module = '']) => module)
}

function assertDeclared(
  module: string,
  file: string,
  { folder, declared }: { readonly folder: string; readonly declared: Readonly<Record<string, string>> },
): void {
  const name = module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')
  if (!module.startsWith('node:') && !Object.hasOwn(declared, name))
    throw new Error(
      `${basename(file)} imports types of "${module}", which ${relative(PROJECT, folder)}/package.json does not declare`,
    )
}
