/** What is in a function's zip. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { PROJECT } from '../support/program.ts'

export type Files = ReadonlyMap<string, Buffer>

/** The modules that a bundle asks for when it runs, other than Node's own. */
export async function foreignImportsOf(code: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: code },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    external: ['*'],
  })
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  assert.ok(imported.includes('node:module'), 'the banner at least imports something')
  return imported.filter(module => !builtinModules.includes(module.replace(/^node:/, '')))
}

/** Loads the handler as Lambda does when a function starts: from what is in its zip, with the AWS SDK beside it. */
export async function startedHandler(files: Files, name: string): Promise<unknown> {
  // Inside the project, where it finds an AWS SDK.
  const room = join(PROJECT, '.local')
  await mkdir(room, { recursive: true })
  const place = await mkdtemp(join(room, 'test-package-'))
  try {
    for (const [path, content] of files) {
      await mkdir(dirname(join(place, path)), { recursive: true })
      await writeFile(join(place, path), content)
    }
    return (await import(pathToFileURL(join(place, 'functions', name, 'handler.js')).href)).handler
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}
