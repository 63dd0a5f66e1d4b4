/**
 * Files that code finds beside itself at run time, because they are started and not imported: a thread, a script for another
 * interpreter. Compiled code lies in one flat folder, so such a file has one name among the sources and another one there:
 *
 *     new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url)
 */
import { join } from 'node:path'

const BOTH_NAMES =
  /new URL\(\s*import\.meta\.url\.endsWith\('\.ts'\)\s*\?\s*'([^']+)'\s*:\s*'\.\/([^'/]+)',\s*import\.meta\.url,?\s*\)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** One file that is found at run time. */
export interface FileBeside {
  /** Path of the source, relative like the path of the file that names it. */
  readonly source: string
  /** Its name in the folder of the compiled code. */
  readonly name: string
}

/**
 * The files that a source finds at run time.
 *
 * @param path path of the source
 * @param code text of the source
 * @throws Error if it uses `import.meta` in another way, because that would be wrong after compilation
 */
export function filesBeside(path: string, code: string): FileBeside[] {
  const text = code.replace(COMMENTS, '')
  if (text.replace(BOTH_NAMES, '').includes('import.meta'))
    throw new Error(
      `${path} uses import.meta, which names another file after compilation: name both files as infra/files-beside.ts says`,
    )
  return [...text.matchAll(BOTH_NAMES)].map(([, source = '', name = '']) => ({
    source: join(path, '..', source),
    name,
  }))
}
