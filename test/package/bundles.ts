/** Contents of a function's zip. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { PROJECT } from '@sluice/test-kit/program'
import { build } from 'esbuild'

export type Files = ReadonlyMap<string, Buffer>

interface Import {
  readonly path: string
  /** Only once the code gets there. */
  readonly isLate: boolean
}

/** A function's code as its files import one another. */
export interface Bundle {
  /** The files that are read when the function starts. */
  readonly atStart: readonly string[]
  /** These, and those that are read when they are needed. */
  readonly all: readonly string[]
  /** The modules that it asks for, other than its own and Node's. */
  readonly foreign: readonly string[]
}

/** @param handler path of the file that the others are reached from */
export async function readBundle(files: Files, handler: string): Promise<Bundle> {
  const code = [...files].filter(([path]) => path.endsWith('.js'))
  const imports = new Map(
    await Promise.all(
      code.map(async ([path, text]) => [path, await readImports(path, String(text))] as const),
    ),
  )
  const reached = (followed: (imported: Import) => boolean) => {
    const found = new Set([handler])
    // The list grows while it is walked.
    for (const file of found)
      for (const imported of imports.get(file) ?? [])
        if (isOwn(imported) && followed(imported)) found.add(imported.path)
    return [...found]
  }
  const all = reached(() => true)
  const foreign = all
    .flatMap(file => imports.get(file) ?? [])
    .filter(imported => !isOwn(imported) && !isNodes(imported))
  return {
    atStart: reached(({ isLate }) => !isLate),
    all,
    foreign: [...new Set(foreign.map(({ path }) => path))],
  }
}

const isOwn = ({ path }: Import) => path.startsWith('functions/')
const isNodes = ({ path }: Import) => builtinModules.includes(path.replace(/^node:/, ''))

/** The imports of a file, those of the bundle's own files by their paths in the zip. */
async function readImports(file: string, code: string): Promise<Import[]> {
  const imported = known.get(code) ?? findImports(code)
  known.set(code, imported)
  return (await imported).map(({ path, ...rest }) => ({
    path: path.startsWith('.') ? posix.join(posix.dirname(file), path) : path,
    ...rest,
  }))
}

/** The imports of code. Most functions share most of their files. */
const known = new Map<string, Promise<Import[]>>()

async function findImports(code: string): Promise<Import[]> {
  const { metafile } = await build({
    stdin: { contents: code },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    external: ['*'],
  })
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports)
  assert.ok(
    imported.some(({ path }) => path === 'node:module'),
    'the banner at least imports something',
  )
  return imported.map(({ path, kind }) => ({ path, isLate: kind === 'dynamic-import' }))
}

/** @param use is given the path of a file of the zip for that time */
export async function unpacked<T>(
  files: Files,
  use: (place: (path: string) => string) => Promise<T>,
): Promise<T> {
  // Inside the project, where it finds an AWS SDK.
  const room = join(PROJECT, '.local')
  await mkdir(room, { recursive: true })
  const folder = await mkdtemp(join(room, 'test-package-'))
  const place = (path: string) => join(folder, path)
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(place(path)), { recursive: true })
      await writeFile(place(path), content)
    }
    return await use(place)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
