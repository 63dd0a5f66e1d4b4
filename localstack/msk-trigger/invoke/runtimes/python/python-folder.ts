import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Returns the first folder with the file of a handler, or the first one. A bundler builds only Node's handlers. */
export function pythonFolder(handler: string, folders: readonly [string, ...string[]]): string {
  const module = handler.slice(0, Math.max(0, handler.lastIndexOf('.'))).replaceAll('.', '/')
  const hasFile = (folder: string) =>
    existsSync(join(folder, `${module}.py`)) || existsSync(join(folder, module, '__init__.py'))
  return folders.find(hasFile) ?? folders[0]
}
