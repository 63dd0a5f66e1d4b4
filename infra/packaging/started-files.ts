/**
 * Finds files that code starts at run time instead of importing them, such as a worker thread. Compiled code is in one flat
 * folder, so the name of a TypeScript file changes when it is compiled. The supported form is:
 *
 *     new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './node-worker.js', import.meta.url)
 */
import { join } from 'node:path'

const TWO_NAMES =
  /new URL\(\s*import\.meta\.url\.endsWith\('\.ts'\)\s*\?\s*'([^']+)'\s*:\s*'\.\/([^'/]+)',\s*import\.meta\.url,?\s*\)/g
/**
 * Matches uses of `import.meta` that work after compilation: the folder of the code itself, and packages that are resolved from
 * there.
 */
const HARMLESS =
  /new URL\('\.', import\.meta\.url\)|createRequire\(import\.meta\.url\)|import\.meta\.resolve\('[^'./][^']*'\)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** A file that is started at run time. */
export interface StartedFile {
  /** Path of the source file; relative if the path of the referring file is relative, and absolute otherwise. */
  readonly source: string
  /** Name in the folder of the compiled code. */
  readonly name: string
}

/**
 * Returns the files that a source starts at run time.
 *
 * @param path path of the source
 * @param code text of the source
 * @throws Error if the code uses `import.meta` in another way, which would fail after compilation
 */
export function findStartedFiles(path: string, code: string): StartedFile[] {
  const text = code.replace(COMMENTS, '').replace(HARMLESS, '')
  if (text.replace(TWO_NAMES, '').includes('import.meta'))
    throw new Error(
      `${path} uses import.meta, which refers to another file after compilation. Use the form that infra/packaging/started-files.ts supports`,
    )
  const found = [...text.matchAll(TWO_NAMES)]
  return found.map(([, source = '', name = '']) => ({ source: join(path, '..', source), name }))
}
