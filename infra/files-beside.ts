/**
 * Files that code finds beside itself at run time, because they are started and not imported: a thread, a script for another
 * interpreter. All compiled code is in one flat folder, so TypeScript has one name among the sources and another one there:
 *
 * new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url)
 *
 * new URL('./runner.py', import.meta.url)
 */
import { join } from 'node:path'

const TWO_NAMES =
  /new URL\(\s*import\.meta\.url\.endsWith\('\.ts'\)\s*\?\s*'([^']+)'\s*:\s*'\.\/([^'/]+)',\s*import\.meta\.url,?\s*\)/g
/** Files that are not compiled keep their names. */
const ONE_NAME = /new URL\(\s*'\.\/([^'/]+(?<!\.[jt]s))',\s*import\.meta\.url,?\s*\)/g
/** Folders of the code itself, and of packages that it finds from there: among the sources, and after compilation. */
const HARMLESS =
  /new URL\('\.', import\.meta\.url\)|createRequire\(import\.meta\.url\)|import\.meta\.resolve\('[^'./][^']*'\)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** One file that is found at run time. */
export interface FileBeside {
  /** Path of the source, relative like the path of the file that names it. */
  readonly source: string
  /** Name in the folder of the compiled code. */
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
  const text = code.replace(COMMENTS, '').replace(HARMLESS, '')
  if (text.replace(TWO_NAMES, '').replace(ONE_NAME, '').includes('import.meta'))
    throw new Error(
      `${path} uses import.meta, which names another file after compilation: name the file as infra/files-beside.ts says`,
    )
  const found = [
    ...[...text.matchAll(TWO_NAMES)].map(([, source = '', name = '']) => ({ source, name })),
    ...[...text.matchAll(ONE_NAME)].map(([, name = '']) => ({ source: name, name })),
  ]
  return found.map(({ source, name }) => ({ source: join(path, '..', source), name }))
}
