import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns the first of the folders that has the file of a handler, or else the first one. A bundler builds only Node's handlers, so
 * that one in Python is in the folder of the service.
 *
 * @param handler as `src/orders.handler`
 */
export function pythonFolder(handler: string, folders: readonly [string, ...string[]]): string {
  const module = handler.slice(0, Math.max(0, handler.lastIndexOf('.'))).replaceAll('.', '/')
  const hasFile = (folder: string) =>
    existsSync(join(folder, `${module}.py`)) || existsSync(join(folder, module, '__init__.py'))
  return folders.find(hasFile) ?? folders[0]
}
