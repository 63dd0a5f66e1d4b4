/** Loads a module with changed code, to break rules that no replacement of a port can break. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { PROJECT } from './program.ts'

export interface CodeChange {
  /** Path relative to the project. */
  readonly file: string
  /** Code to replace. It must occur exactly once. */
  readonly from: string
  readonly to: string
}

let loaded = 0

/**
 * Imports a module with a new copy of each of the project's modules. Other importers keep the unchanged code.
 *
 * @param module path relative to the project
 * @throws Error if the code to replace does not occur exactly once, because nothing would be changed
 */
export async function importChanged<T>(module: string, changes: readonly CodeChange[]): Promise<T> {
  loaded += 1
  const suffix = `?changed=${loaded}`
  const root = `${pathToFileURL(PROJECT)}/`
  const sources = new Map<string, string>()
  for (const { file, from, to } of changes) {
    const url = `${root}${file}${suffix}`
    const source = sources.get(url) ?? readFileSync(join(PROJECT, file), 'utf8')
    if (source.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`)
    sources.set(
      url,
      source.replace(from, () => to),
    )
  }
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      const isOurs = context.parentURL?.endsWith(suffix) && found.url.startsWith(root)
      const isOpen = isOurs && !found.url.includes('/node_modules/') && found.url.endsWith('.ts')
      return isOpen ? { ...found, url: `${found.url}${suffix}` } : found
    },
    load(url, context, next) {
      if (!url.endsWith(suffix)) return next(url, context)
      const source = sources.get(url) ?? readFileSync(fileURLToPath(url), 'utf8')
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
  try {
    return await import(`${root}${module}${suffix}`)
  } finally {
    hooks.deregister()
  }
}
